/*
 * `su` as Android's userdebug builds have it (system/extras/su/su.cpp): root for adb's shell, and for nobody else.
 *
 *   su [UID [COMMAND [ARG…]]]
 *
 * UID is a number or `root` or `shell`; without one, root. Without a COMMAND, a shell.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT 0
#define SHELL 2000

static int parse_user(const char *text, uid_t *user) {
    if (strcmp(text, "root") == 0) return *user = ROOT, 1;
    if (strcmp(text, "shell") == 0) return *user = SHELL, 1;
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != 0 || number > 0x7fffffff) return 0;
    *user = (uid_t)number;
    return 1;
}

int main(int argc, char **argv) {
    uid_t caller = getuid();
    if (caller != ROOT && caller != SHELL) {
        fprintf(stderr, "su: uid %u not allowed to su\n", caller);
        return 1;
    }
    uid_t user = ROOT;
    if (argc > 1 && !parse_user(argv[1], &user)) {
        fprintf(stderr, "su: invalid uid/gid '%s'\n", argv[1]);
        return 1;
    }
    if (setgroups(0, NULL) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) {
        fprintf(stderr, "su: setting the user failed: %s\n", strerror(errno));
        return 1;
    }
    char *shell[] = {"/system/bin/sh", NULL};
    char **command = argc > 2 ? argv + 2 : shell;
    execvp(command[0], command);
    fprintf(stderr, "su: failed to exec %s: %s\n", command[0], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
