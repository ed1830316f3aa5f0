/*
 * `flock [-sxun] FD`, as toybox has it on phones; Debian's busybox is built without. The lock belongs to the open file,
 * which is the caller's: it stays when this process is over, and goes when the caller closes the file or dies.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

static int usage(void) {
    fputs("usage: flock [-sxun] FD\n", stderr);
    return 2;
}

int main(int argc, char **argv) {
    int operation = LOCK_EX;
    int flags = 0;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        for (const char *option = argv[i] + 1; *option; option++) {
            switch (*option) {
            case 's': operation = LOCK_SH; break;
            case 'x': operation = LOCK_EX; break;
            case 'u': operation = LOCK_UN; break;
            case 'n': flags = LOCK_NB; break;
            default: return usage();
            }
        }
    }
    if (i != argc - 1) return usage();
    char *end;
    long fd = strtol(argv[i], &end, 10);
    if (end == argv[i] || *end || fd < 0 || fd > 0xffff) return usage();
    while (flock((int)fd, operation | flags) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) fprintf(stderr, "flock: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}
