/*
 * What avfd needs and Node cannot do, as a program: `devctl sync` writes all files to their disks.
 * `devctl bound PROGRAM ARGS...` runs a program that is killed when whoever started it ends, however that ends.
 * `devctl exec PROGRAM ARGS...` is for init: a shell starts what it puts in the background with SIGINT ignored, and a
 * program that never gets Ctrl-C back hands that on to each of its children.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int fail(const char *what) {
    fprintf(stderr, "devctl: %s: %s\n", what, strerror(errno));
    return 1;
}

static int exec_with_default_signals(char **argv) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    execvp(argv[0], argv);
    return fail(argv[0]);
}

static int exec_bound(char **argv) {
    pid_t parent = getppid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return fail("prctl");
    /* The parent may have ended before the call. */
    if (getppid() != parent || parent == 1) return fail("started by a process that is gone");
    execvp(argv[0], argv);
    return fail(argv[0]);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "sync") == 0) {
        sync();
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "exec") == 0) return exec_with_default_signals(argv + 2);
    if (argc > 2 && strcmp(argv[1], "bound") == 0) return exec_bound(argv + 2);
    fprintf(stderr, "usage: devctl sync | exec PROGRAM ARGS... | bound PROGRAM ARGS...\n");
    return 2;
}
