#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(const struct program *program);
static bool give_up_privileges(uid_t user);

pid_t process_start(const struct program *program) {
  pid_t pid = fork();
  if (pid == 0) become(program);
  return pid;
}

int process_exit_code(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static _Noreturn void become(const struct program *program) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setsid();
  umask(022);
  for (int fd = 0; fd < 3; fd++) dup2(program->terminal, fd);
  if (program->inherited > 0) fcntl(program->inherited, F_SETFD, 0);
  if ((program->user != 0 || program->powerless) && !give_up_privileges(program->user)) {
    dprintf(STDERR_FILENO, "Failed to give up privileges: %s\n", strerror(errno));
    _exit(127);
  }
  execve(program->argv[0], (char *const *)program->argv, (char *const *)program->environment);
  dprintf(STDERR_FILENO, "Failed to execute %s: %s\n", program->argv[0], strerror(errno));
  _exit(127);
}

static bool give_up_privileges(uid_t user) {
  for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++) continue;
  return setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}
