/*
 * What avfd needs of the kernel and Node cannot do: `devctl clock EPOCH_MS`, `devctl entropy HEX`, `devctl sync`.
 * A device restored from a snapshot has the clock and the random numbers of the moment it was saved.
 * `devctl bound PROGRAM ARGS...` runs a program that is killed when whoever started it ends, however that ends.
 * `devctl exec PROGRAM ARGS...` is for init: a shell starts what it puts in the background with SIGINT ignored, and a
 * program that never gets Ctrl-C back hands that on to each of its children.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/random.h>

static int fail(const char *what) {
    fprintf(stderr, "devctl: %s: %s\n", what, strerror(errno));
    return 1;
}

static int set_clock(const char *text) {
    long long epoch_ms = atoll(text);
    struct timespec now = {.tv_sec = epoch_ms / 1000, .tv_nsec = epoch_ms % 1000 * 1000000};
    return clock_settime(CLOCK_REALTIME, &now) < 0 ? fail("clock") : 0;
}

static int add_entropy(const char *hex) {
    size_t size = strlen(hex) / 2;
    struct rand_pool_info *pool = calloc(1, sizeof *pool + size + 4);
    if (!pool) return fail("memory");
    unsigned char *bytes = (unsigned char *)pool->buf;
    for (size_t i = 0; i < size; i++) {
        unsigned value;
        if (sscanf(hex + 2 * i, "%2x", &value) != 1) {
            errno = EINVAL;
            return fail("entropy");
        }
        bytes[i] = (unsigned char)value;
    }
    pool->buf_size = (int)size;
    pool->entropy_count = (int)size * 8;
    int fd = open("/dev/random", O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, RNDADDENTROPY, pool) < 0) return fail("entropy");
    /* Otherwise the new bytes would count only at the kernel's next own turn. */
    return ioctl(fd, RNDRESEEDCRNG) < 0 ? fail("reseed") : 0;
}

static int exec_with_default_signals(char **argv) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    execvp(argv[0], argv);
    return fail(argv[0]);
}

static int exec_bound(char **argv) {
    pid_t parent = getppid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return fail("prctl");
    /* It may have ended before it could tell. */
    if (getppid() != parent || parent == 1) return fail("started by a process that is gone");
    execvp(argv[0], argv);
    return fail(argv[0]);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "clock") == 0) return set_clock(argv[2]);
    if (argc == 3 && strcmp(argv[1], "entropy") == 0) return add_entropy(argv[2]);
    if (argc == 2 && strcmp(argv[1], "sync") == 0) {
        sync();
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "exec") == 0) return exec_with_default_signals(argv + 2);
    if (argc > 2 && strcmp(argv[1], "bound") == 0) return exec_bound(argv + 2);
    fprintf(stderr, "usage: devctl clock EPOCH_MS | entropy HEX | sync | exec PROGRAM ARGS... | bound PROGRAM ARGS...\n");
    return 2;
}
