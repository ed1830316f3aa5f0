/*
 * What Node has no call for, for hosts without util-linux:
 *   host-helper die-with-parent PROGRAM [ARGUMENT...]  runs a program that the kernel ends when who started it ends
 *   host-helper flock -E CODE -x|-xn FD                as flock(1): waits for the lock, or ends with CODE when it is taken
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { USAGE = 64, FAILED = 71, CANNOT_RUN = 127 };

static int die_with_parent(char **argv) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) perror("host-helper: prctl");
  execvp(argv[0], argv);
  perror(argv[0]);
  return CANNOT_RUN;
}

static int lock(const char *code, const char *how, const char *fd) {
  int operation = LOCK_EX | (strcmp(how, "-xn") == 0 ? LOCK_NB : 0);
  while (flock(atoi(fd), operation) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return atoi(code);
    fprintf(stderr, "flock: %s: %s\n", fd, strerror(errno));
    return FAILED;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "die-with-parent") == 0) return die_with_parent(argv + 2);
  if (argc == 6 && strcmp(argv[1], "flock") == 0 && strcmp(argv[2], "-E") == 0) return lock(argv[3], argv[4], argv[5]);
  fputs("usage: host-helper die-with-parent PROGRAM [ARGUMENT...] | flock -E CODE -x|-xn FD\n", stderr);
  return USAGE;
}
