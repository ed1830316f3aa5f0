#include "payload.h"
#include "../../services/adbd.h"
#include "../../services/logd.h"
#include "environment.h"
#include "../failure.h"
#include "../log.h"
#include "payload-service.h"
#include "process.h"
#include "../vmservice.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAUNCHER "/system/bin/microdroid_launcher"

#define PAYLOAD_ENVIRONMENT COMMON_ENVIRONMENT, "LD_LIBRARY_PATH=/mnt/apk/lib/x86_64"
static const char *const environment_of_13[] = {PAYLOAD_ENVIRONMENT, "MICRODROID_RELEASE=13", NULL};
static const char *const environment_of_15[] = {PAYLOAD_ENVIRONMENT, NULL};

static pid_t start_task(const struct payload_config *config, int release);
static bool reap(pid_t task, int *exit_code);
static _Noreturn void fail_of_signal(int number);

int payload_run(const struct payload_config *config, int release, const struct payload_context *context) {
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, NULL);
  int children = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
  int listener = payload_service_listen();
  if (children < 0 || listener < 0) fail(FAILURE_UNKNOWN, "Failed to serve the payload: %s", strerror(errno));
  log_mark("boot completed, time to run payload");
  log_mark("executing main task %s %s...", config->launcher ? "microdroid_launcher" : "executable", config->command);
  pid_t task = start_task(config, release);
  if (task < 0) fail(FAILURE_UNKNOWN, "Failed to start the payload: %s", strerror(errno));
  log_mark("notifying payload started");
  vmservice_started();
  for (;;) {
    int exit_code = 0;
    if (reap(task, &exit_code)) return exit_code;
    adbd_keep();
    struct pollfd waits[] = {{.fd = children, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    poll(waits, 2, adbd_due_ms());
    struct signalfd_siginfo ignored;
    while (read(children, &ignored, sizeof ignored) > 0) continue;
    if (waits[1].revents & POLLIN) payload_service_answer(listener, context);
  }
}

static pid_t start_task(const struct payload_config *config, int release) {
  static char command[512];
  const char *argv[MAX_ARGUMENTS + 3];
  int count = 0;
  if (!config_command_path(config, command, sizeof command))
    fail(FAILURE_PAYLOAD_INVALID_CONFIG, "Payload binary name must not specify a path: %s", config->command);
  if (access(command, F_OK) != 0) fail(FAILURE_UNKNOWN, "Failed to find the payload %s: %s", command, strerror(errno));
  if (config->launcher) argv[count++] = LAUNCHER;
  argv[count++] = command;
  for (int i = 0; i < config->argument_count; i++) argv[count++] = config->arguments[i];
  argv[count] = NULL;
  struct program program = {.argv = argv,
                            .environment = release == 13 ? environment_of_13 : environment_of_15,
                            .terminal = log_console_fd(),
                            /* As microdroid_manager has it (exec_task). */
                            .user = config->launcher ? PAYLOAD_USER : 0,
                            .powerless = true};
  return process_start(&program);
}

/* Reaps ended children. True when the task was one of them. */
static bool reap(pid_t task, int *exit_code) {
  bool ended = false;
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (!adbd_ended(pid) && !logd_ended(pid) && pid == task) {
      if (WIFSIGNALED(status)) fail_of_signal(WTERMSIG(status));
      *exit_code = process_exit_code(status);
      ended = true;
    }
  }
  return ended;
}

/* A payload without an exit code did not finish: an error of the VM, as in Android (exec_task). */
static _Noreturn void fail_of_signal(int number) {
  const char *name = sigabbrev_np(number);
  fail(FAILURE_UNKNOWN, "Failed to run payload: Payload exited due to signal: %d (SIG%s)", number, name ? name : "unknown");
}
