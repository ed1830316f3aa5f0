/*
 * Client of avfd, under many names: `vm`, `pm`, `getprop`... Which one is told by the name it was started with.
 * It has no logic of its own: it passes on its arguments and its terminal, opens files with the caller's rights on
 * request, and ends with the exit code it is given. When it dies, its connection closes, and avfd ends what depended
 * on it; therefore it installs no signal handlers.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

int tail_main(int argc, char **argv);

#define DEFAULT_SOCKET "/dev/socket/avfd"
/* A device that is just starting has no avfd yet; adb commands wait for it a while instead of failing. */
#define CONNECT_TIMEOUT_MS 30000
#define CONNECT_POLL_MS 20

static const char *program = "avfdc";
static int last_words_code = 1;
static int last_words_fd = STDOUT_FILENO;
static char *last_words;

static void fail(const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
    exit(1);
}

/* Waits where a shared, non-blocking descriptor has no room. */
static int write_all(int fd, const void *data, size_t size) {
    const char *next = data;
    while (size > 0) {
        ssize_t written = write(fd, next, size);
        if (written >= 0) {
            next += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

static int read_all(int fd, void *data, size_t size) {
    char *next = data;
    while (size > 0) {
        ssize_t got = read(fd, next, size);
        if (got > 0) {
            next += got;
            size -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

static void put_u32(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get_u32(const unsigned char *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* avfd went away without sending an exit code. */
static void service_died(void) {
    if (last_words) {
        write_all(last_words_fd, last_words, strlen(last_words));
        exit(last_words_code);
    }
    fprintf(stderr, "%s: avfd, the service of this device, is gone\n", program);
    exit(1);
}

static void send_frame(int sock, char type, const void *data, uint32_t size) {
    unsigned char head[FRAME_HEAD_BYTES] = {(unsigned char)type};
    put_u32(head + 1, size);
    if (send(sock, head, sizeof head, MSG_NOSIGNAL | MSG_MORE) != (ssize_t)sizeof head) service_died();
    const char *next = data;
    while (size > 0) {
        ssize_t sent = send(sock, next, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) service_died();
        next += sent;
        size -= (uint32_t)sent;
    }
}

static int connect_service(void) {
    const char *path = getenv("AVFD_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || !*path) path = DEFAULT_SOCKET;
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(path);
    }
    strcpy(address.sun_path, path);
    for (int waited_ms = 0;; waited_ms += CONNECT_POLL_MS) {
        int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (sock < 0) fail("socket");
        if (connect(sock, (struct sockaddr *)&address, sizeof address) == 0) return sock;
        int starting = errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN;
        if (!starting || waited_ms >= CONNECT_TIMEOUT_MS) fail("cannot reach avfd, the service of this device");
        close(sock);
        struct timespec pause = {.tv_nsec = CONNECT_POLL_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
}

static void send_header(int sock, int argc, char **argv) {
    char cwd[PATH_MAX];
    if (!getcwd(cwd, sizeof cwd)) strcpy(cwd, "/");
    size_t size = 2 + strlen(cwd) + 1 + strlen(program) + 1;
    for (int i = 1; i < argc; i++) size += strlen(argv[i]) + 1;
    if (size > FRAME_MAX_BYTES) {
        errno = E2BIG;
        fail("arguments");
    }
    char *header = malloc(size);
    if (!header) fail("memory");
    char *next = header;
    next = stpcpy(next, "2") + 1;
    next = stpcpy(next, cwd) + 1;
    next = stpcpy(next, program) + 1;
    for (int i = 1; i < argc; i++) next = stpcpy(next, argv[i]) + 1;
    send_frame(sock, FRAME_HEADER, header, (uint32_t)size);
    free(header);
}

/* avfd reaches the opened file through /proc/<our pid>/fd, so the descriptor stays open until it says so. */
static void open_for_service(int sock, const unsigned char *data, uint32_t size) {
    unsigned char answer[4];
    int32_t result = -EINVAL;
    if (size > 8) {
        char *path = strndup((const char *)data + 8, size - 8);
        if (!path) fail("memory");
        int fd = open(path, (int)get_u32(data) | O_CLOEXEC, (mode_t)get_u32(data + 4));
        result = fd < 0 ? -errno : fd;
        free(path);
    }
    put_u32(answer, (uint32_t)result);
    send_frame(sock, FRAME_OPENED, answer, sizeof answer);
}

static void forward_input(int sock, uint32_t wanted) {
    static char buffer[64 * 1024];
    if (wanted > sizeof buffer) wanted = sizeof buffer;
    ssize_t got = read(STDIN_FILENO, buffer, wanted);
    if (got < 0 && errno == EAGAIN) return;
    send_frame(sock, FRAME_INPUT, buffer, got > 0 ? (uint32_t)got : 0);
}

static void handle_frame(int sock, char type, const unsigned char *data, uint32_t size, uint32_t *wanted) {
    switch (type) {
    case FRAME_STDOUT:
        if (write_all(STDOUT_FILENO, data, size) < 0) exit(1);
        break;
    case FRAME_STDERR:
        /* A closed stderr is no reason to stop. */
        write_all(STDERR_FILENO, data, size);
        break;
    case FRAME_WANT:
        if (size == 4) *wanted = get_u32(data);
        break;
    case FRAME_OPEN:
        open_for_service(sock, data, size);
        break;
    case FRAME_CLOSE:
        if (size == 4 && get_u32(data) > STDERR_FILENO) close((int)get_u32(data));
        break;
    case FRAME_LAST_WORDS:
        if (size < 8) break;
        free(last_words);
        last_words_code = (int)get_u32(data);
        last_words_fd = get_u32(data + 4) == STDERR_FILENO ? STDERR_FILENO : STDOUT_FILENO;
        last_words = strndup((const char *)data + 8, size - 8);
        break;
    case FRAME_EXIT:
        exit(size == 4 ? (int)get_u32(data) : 1);
    default:
        break;
    }
}

int main(int argc, char **argv) {
    if (argc > 0) program = basename(argv[0]);
    if (strcmp(program, "avfdc") == 0 && argc > 1) {
        /* `avfdc vm list` works without a link. */
        argv++;
        argc--;
        program = basename(argv[0]);
    }
    if (strcmp(program, "tail") == 0) return tail_main(argc, argv);
    int sock = connect_service();
    send_header(sock, argc, argv);
    uint32_t wanted = 0;
    for (;;) {
        /* stdin is looked at only while avfd asks for it: a shell script that runs us keeps its input. */
        struct pollfd ready[2] = {{.fd = sock, .events = POLLIN},
                                  {.fd = wanted > 0 ? STDIN_FILENO : -1, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0) {
            if (errno == EINTR) continue;
            fail("poll");
        }
        if (ready[0].revents) {
            unsigned char head[FRAME_HEAD_BYTES];
            if (read_all(sock, head, sizeof head) < 0) service_died();
            uint32_t size = get_u32(head + 1);
            if (size > FRAME_MAX_BYTES) service_died();
            unsigned char *data = malloc(size + 1);
            if (!data) fail("memory");
            if (read_all(sock, data, size) < 0) service_died();
            handle_frame(sock, (char)head[0], data, size, &wanted);
            free(data);
        } else if (ready[1].revents) {
            uint32_t amount = wanted;
            wanted = 0;
            forward_input(sock, amount);
        }
    }
}
