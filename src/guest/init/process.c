#include "process.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(const struct program *program);

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
  execve(program->argv[0], (char *const *)program->argv, (char *const *)program->environment);
  dprintf(STDERR_FILENO, "Failed to execute %s: %s\n", program->argv[0], strerror(errno));
  _exit(127);
}
