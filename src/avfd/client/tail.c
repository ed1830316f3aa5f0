/*
 * `tail` for one file, following it with inotify: busybox polls once a second, which is most of the time that a line of
 * a VM's console takes to the host. Anything else (several files, rare options) is left to busybox.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
    const char *path; /* NULL: stdin */
    int follow;
    int bytes;      /* count is in bytes, not lines */
    int from_start; /* +N: skip to the Nth */
    long long count;
};

static int use_busybox(char **argv) {
    char *name = argv[0];
    argv[0] = "tail";
    execv("/system/bin/busybox", argv);
    execv("/bin/busybox", argv);
    fprintf(stderr, "%s: busybox: %s\n", name, strerror(errno));
    return 1;
}

static int parse_count(const char *text, struct request *request) {
    char *end;
    request->from_start = *text == '+';
    request->count = strtoll(text + (*text == '+' || *text == '-'), &end, 10);
    return end != text && *end == 0 && request->count >= 0;
}

/* 0: not handled here. */
static int parse(int argc, char **argv, struct request *request) {
    *request = (struct request){.count = 10};
    for (int i = 1; i < argc; i++) {
        char *arg = argv[i];
        if (arg[0] == '+' && arg[1]) return 0;
        if (arg[0] != '-' || !arg[1]) {
            if (request->path) return 0;
            request->path = arg;
            continue;
        }
        if (arg[1] >= '0' && arg[1] <= '9') {
            if (!parse_count(arg + 1, request)) return 0;
            continue;
        }
        for (char *option = arg + 1; *option; option++) {
            if (*option == 'f') {
                request->follow = 1;
            } else if (*option == 'n' || *option == 'c') {
                char *value = option[1] ? option + 1 : ++i < argc ? argv[i] : "";
                request->bytes = *option == 'c';
                if (!parse_count(value, request)) return 0;
                break;
            } else {
                return 0;
            }
        }
    }
    if (request->path && strcmp(request->path, "-") == 0) request->path = NULL;
    return 1;
}

static int copy_rest(int fd) {
    static char buffer[64 * 1024];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(STDOUT_FILENO, buffer + done, (size_t)(got - done));
            if (written >= 0) {
                done += written;
            } else if (errno == EAGAIN) {
                struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
                poll(&room, 1, -1);
            } else if (errno != EINTR) {
                return -1;
            }
        }
    }
    return got < 0 && errno != EINTR ? -1 : 0;
}

/* Skips the first `count` lines. */
static void skip_lines(int fd, long long count) {
    char buffer[16 * 1024];
    off_t at = 0;
    ssize_t got;
    while (count > 0 && (got = pread(fd, buffer, sizeof buffer, at)) > 0) {
        ssize_t i = 0;
        while (i < got && count > 0) count -= buffer[i++] == '\n';
        at += i;
    }
    lseek(fd, at, SEEK_SET);
}

/* Goes back from the end until `count` lines lie ahead; an unfinished last line counts as one. */
static void seek_last_lines(int fd, off_t size, long long count) {
    char buffer[16 * 1024];
    off_t at = size;
    if (count == 0) {
        lseek(fd, size, SEEK_SET);
        return;
    }
    while (at > 0) {
        off_t from = at > (off_t)sizeof buffer ? at - (off_t)sizeof buffer : 0;
        ssize_t got = pread(fd, buffer, (size_t)(at - from), from);
        if (got <= 0) break;
        for (ssize_t i = got - 1; i >= 0; i--) {
            if (buffer[i] != '\n' || from + i == size - 1) continue;
            if (--count == 0) {
                lseek(fd, from + i + 1, SEEK_SET);
                return;
            }
        }
        at = from;
    }
    lseek(fd, 0, SEEK_SET);
}

static void seek_start(int fd, const struct stat *status, const struct request *request) {
    long long skip = request->count > 0 ? request->count - 1 : 0;
    if (request->bytes && request->from_start) lseek(fd, skip, SEEK_SET);
    else if (request->bytes) lseek(fd, request->count < status->st_size ? status->st_size - request->count : 0, SEEK_SET);
    else if (request->from_start) skip_lines(fd, skip);
    else seek_last_lines(fd, status->st_size, request->count);
}

static int follow(int fd, const char *path) {
    int watch = inotify_init1(IN_CLOEXEC);
    if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) < 0) {
        fprintf(stderr, "tail: cannot watch %s: %s\n", path, strerror(errno));
        return 1;
    }
    for (;;) {
        struct stat status;
        /* The file was truncated: start at its beginning again. */
        if (fstat(fd, &status) == 0 && status.st_size < lseek(fd, 0, SEEK_CUR)) lseek(fd, 0, SEEK_SET);
        if (copy_rest(fd) < 0) return 1;
        /* No events asked of stdout: it reports only that its reader is gone. */
        struct pollfd ready[2] = {{.fd = watch, .events = POLLIN}, {.fd = STDOUT_FILENO}};
        if (poll(ready, 2, -1) < 0 && errno != EINTR) return 1;
        if (ready[1].revents & (POLLERR | POLLHUP)) return 1;
        if (ready[0].revents) {
            char events[4096];
            if (read(watch, events, sizeof events) < 0 && errno != EINTR) return 1;
        }
    }
}

int tail_main(int argc, char **argv) {
    struct request request;
    struct stat status;
    if (!parse(argc, argv, &request) || !request.path) return use_busybox(argv);
    int fd = open(request.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        fprintf(stderr, "tail: %s: %s\n", request.path, strerror(errno));
        return 1;
    }
    if (!S_ISREG(status.st_mode)) return use_busybox(argv);
    seek_start(fd, &status, &request);
    if (request.follow) return follow(fd, request.path);
    return copy_rest(fd) < 0;
}
