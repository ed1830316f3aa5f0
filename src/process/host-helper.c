/*
 * What Node has no call for, for hosts without util-linux:
 *   host-helper die-with-parent PROGRAM [ARGUMENT...]  runs a program that the kernel ends when who started it ends
 *   host-helper flock -E CODE -x|-xn FD                as flock(1): waits for the lock, or ends with CODE when it is taken
 *   host-helper become UID GID,... PROGRAM [ARGUMENT...]   runs a program as another user, with these groups and no others
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { USAGE = 64, FAILED = 71, CANNOT_RUN = 127, MAX_GROUPS = 8 };

static int usage(void) {
  fputs("usage: host-helper die-with-parent PROGRAM [ARGUMENT...] | flock -E CODE -x|-xn FD |"
        " become UID GID,... PROGRAM [ARGUMENT...]\n",
        stderr);
  return USAGE;
}

static int die_with_parent(char **argv) {
  pid_t parent = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) perror("host-helper: prctl");
  /* The parent ended before the call. */
  if (getppid() != parent) return FAILED;
  execvp(argv[0], argv);
  perror(argv[0]);
  return CANNOT_RUN;
}

/* An id other than root's; 0 if TEXT does not begin with one, or is not followed by one of ENDS. */
static unsigned id_of(const char *text, const char *ends, const char **end) {
  unsigned long id = 0;
  for (*end = text; **end >= '0' && **end <= '9' && id < UINT_MAX; ++*end) id = id * 10 + (unsigned)(**end - '0');
  /* The largest means "as it is" to the kernel. */
  return strchr(ends, **end) != NULL && id < UINT_MAX ? (unsigned)id : 0;
}

/* The first group is the user's own. This cannot be undone. */
static int become(const char *user, const char *list, char **argv) {
  gid_t groups[MAX_GROUPS];
  size_t count = 0;
  const char *at = list, *end;
  do {
    /* strchr finds the end of the string as well. */
    if (count == MAX_GROUPS || (groups[count++] = id_of(at, ",", &end)) == 0) return usage();
    at = end + 1;
  } while (*end != 0);
  uid_t uid = id_of(user, "", &end);
  if (uid == 0) return usage();
  if (setgroups(count, groups) != 0 || setresgid(groups[0], groups[0], groups[0]) != 0 ||
      setresuid(uid, uid, uid) != 0) {
    perror("host-helper: become");
    return FAILED;
  }
  if (setuid(0) == 0) {
    fputs("host-helper: become: the user may still become root\n", stderr);
    return FAILED;
  }
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
  if (argc > 4 && strcmp(argv[1], "become") == 0) return become(argv[2], argv[3], argv + 4);
  return usage();
}
