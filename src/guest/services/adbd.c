#include "adbd.h"
#include "../init/payload/environment.h"
#include "../init/log.h"
#include "../init/payload/process.h"
#include "../init/wait.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADBD "/system/bin/adbd"
/* Says on the descriptor of this variable when adbd listens: src/guest/adbd/adbd-ready.c. */
#define READY_LIBRARY "/system/lib/adbd-ready.so"
/* An adbd that ends at once is not started again and again without a pause. */
#define RESTART_MS 1000
/* Generous, for busy machines. */
#define LISTEN_TIMEOUT_MS 20000

static bool wanted;
static pid_t adbd = -1;
static struct deadline due;
/* Readable when adbd listens, at end of file when it ended. */
static int ready = -1;

static void start(void);
static void forget_ready(void);

void adbd_start(void) {
  wanted = true;
  start();
}

void adbd_wait(void) {
  if (ready < 0) return;
  char said;
  struct deadline deadline = deadline_after(LISTEN_TIMEOUT_MS);
  struct pollfd wait = {.fd = ready, .events = POLLIN};
  int left;
  while ((left = deadline_left_ms(&deadline)) > 0) {
    if (poll(&wait, 1, left) < 0 && errno == EINTR) continue;
    if (wait.revents && read(ready, &said, 1) != 1) log_error("adbd ended before it took connections");
    break;
  }
  if (left == 0) log_error("adbd takes no connections after %d s", LISTEN_TIMEOUT_MS / 1000);
  forget_ready();
}

int adbd_due_ms(void) { return wanted && adbd < 0 ? deadline_left_ms(&due) : -1; }

void adbd_keep(void) {
  if (adbd_due_ms() == 0) start();
}

bool adbd_ended(pid_t pid) {
  if (pid != adbd) return false;
  adbd = -1;
  return true;
}

static void start(void) {
  static const char *const argv[] = {ADBD, NULL};
  char ready_variable[32];
  int ends[2] = {-1, -1};
  forget_ready();
  due = deadline_after(RESTART_MS);
  if (pipe2(ends, O_CLOEXEC) != 0) log_error("Failed to make a pipe for adbd: %s", strerror(errno));
  snprintf(ready_variable, sizeof ready_variable, "ADBD_READY_FD=%d", ends[1]);
  const char *const environment[] = {COMMON_ENVIRONMENT,          "ADBD_PORT=5555", "SHELL=/system/bin/sh", "ENV=/system/etc/mkshrc",
                                     "LD_PRELOAD=" READY_LIBRARY, ready_variable,   NULL};
  struct program program = {
      .argv = argv, .environment = environment, .terminal = log_journal_fd(), .inherited = ends[1]};
  adbd = process_start(&program);
  if (adbd < 0) log_error("Failed to start adbd: %s", strerror(errno));
  if (ends[1] >= 0) close(ends[1]);
  ready = ends[0];
}

static void forget_ready(void) {
  if (ready >= 0) close(ready);
  ready = -1;
}
