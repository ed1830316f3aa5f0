/*
 * A minimal VMM: starts one VM as avfd would, and prints after how many milliseconds a text appeared on
 * its console. Runs as root on the emulated device.
 *
 *   bare-vmm CID TEXT SECONDS DISK:ro|rw… -- PROGRAM ARG…
 *   bare-vmm --to-end …    until the program has ended by itself, the text behind it
 *
 * The program gets what avfd gives it: sockets for ttyS0, the failure pipe, hvc0 and the log as descriptors 3 to 6,
 * then the disks. Reports of the guest are answered, because it waits for the answers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define STREAMS 4
#define FIRST_FD 3
#define MAX_DISKS 16
#define MAX_CONSOLE (1 << 16)
/* Room for the descriptors that a child gets: its own begin above. */
#define HIGH_FD 64

static void die(const char *what) {
    fprintf(stderr, "bare-vmm: %s: %s\n", what, strerror(errno));
    exit(2);
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int above(int fd) {
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (high < 0) die("fcntl");
    close(fd);
    return high;
}

static int listen_vsock(unsigned port) {
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0) die("vsock");
    return above(fd);
}

static int open_disk(char *argument) {
    char *mode = strrchr(argument, ':');
    if (!mode) die("a disk is PATH:ro or PATH:rw");
    *mode++ = 0;
    int fd = open(argument, (strcmp(mode, "rw") == 0 ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0) die(argument);
    return above(fd);
}

static void run_child(int *ends, int *disks, int disk_count, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < STREAMS; i++) dup2(ends[i], FIRST_FD + i);
    for (int i = 0; i < disk_count; i++) dup2(disks[i], FIRST_FD + STREAMS + i);
    execv(argv[0], argv);
    die(argv[0]);
}

static void answer(int fd) {
    char lines[512];
    ssize_t got = read(fd, lines, sizeof lines);
    for (ssize_t i = 0; i < got; i++) {
        if (lines[i] == '\n' && send(fd, "ok\n", 3, MSG_NOSIGNAL) < 0) return;
    }
}

int main(int argc, char **argv) {
    int to_end = argc > 1 && strcmp(argv[1], "--to-end") == 0;
    argc -= to_end;
    argv += to_end;
    int separator = 4;
    while (separator < argc && strcmp(argv[separator], "--") != 0) separator++;
    if (separator + 1 >= argc || separator - 4 > MAX_DISKS) {
        fprintf(stderr, "usage: bare-vmm [--to-end] CID TEXT SECONDS DISK:ro|rw... -- PROGRAM ARG...\n");
        return 2;
    }
    const char *text = argv[2];
    unsigned cid = (unsigned)strtoul(argv[1], NULL, 10);
    long limit_ms = strtol(argv[3], NULL, 10) * 1000;
    int disks[MAX_DISKS], ends[STREAMS];
    struct pollfd polled[STREAMS + 3];
    for (int i = 0; i < STREAMS; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) die("socketpair");
        polled[i] = (struct pollfd){.fd = above(pair[0]), .events = POLLIN};
        ends[i] = above(pair[1]);
    }
    for (int i = 4; i < separator; i++) disks[i - 4] = open_disk(argv[i]);
    polled[STREAMS] = (struct pollfd){.fd = listen_vsock(cid), .events = POLLIN};
    polled[STREAMS + 1] = polled[STREAMS + 2] = (struct pollfd){.fd = -1};

    long start = now_ms();
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) run_child(ends, disks, separator - 4, argv + separator + 1);
    for (int i = 0; i < STREAMS; i++) close(ends[i]);

    static char console[MAX_CONSOLE];
    size_t filled = 0;
    int status = 1, seen = 0, ended = 0;
    long took = 0;
    while (status == 1 && now_ms() - start < limit_ms && !ended) {
        // Its last output is read after its end.
        ended = waitpid(child, NULL, WNOHANG) != 0;
        if (poll(polled, STREAMS + 3, ended ? 0 : seen ? 5 : 200) <= 0) continue;
        for (int i = 0; i < STREAMS; i++) {
            if (!(polled[i].revents & (POLLIN | POLLHUP))) continue;
            if (filled > MAX_CONSOLE / 2) filled = 0;
            ssize_t got = read(polled[i].fd, console + filled, MAX_CONSOLE - 1 - filled);
            if (got <= 0) polled[i].fd = -1;
            else console[filled += (size_t)got] = 0;
        }
        seen = seen || strstr(console, text) != NULL;
        if (seen && !to_end) {
            took = now_ms() - start;
            status = 0;
        }
        if (polled[STREAMS].revents & POLLIN) {
            int i = polled[STREAMS + 1].fd < 0 ? STREAMS + 1 : STREAMS + 2;
            polled[i] = (struct pollfd){.fd = accept4(polled[STREAMS].fd, NULL, NULL, SOCK_CLOEXEC), .events = POLLIN};
        }
        for (int i = STREAMS + 1; i < STREAMS + 3; i++) {
            if (polled[i].revents & POLLIN) answer(polled[i].fd);
        }
    }
    if (!ended) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    } else if (seen && status == 1) {
        took = now_ms() - start;
        status = 0;
    }
    if (status == 0) printf("%ld\n", took);
    else fprintf(stderr, "bare-vmm: no \"%s\" within %s s; the console:\n%.4000s\n", text, argv[3], console);
    return status;
}
