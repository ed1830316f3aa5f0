#include "crash-reports.h"
#include "../init/log.h"
#include "../properties/store.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The process's id, its thread's, the signal. */
#define CORE_PATTERN "|/system/bin/crash_dump64 %P %I %s"
/* So many crashed processes at once are kept until their reports are made. */
#define CORE_PIPES "4"

static bool put(const char *path, const char *text);

void crash_reports_start(void) {
  if (!put("/proc/sys/kernel/core_pipe_limit", CORE_PIPES) || !put("/proc/sys/kernel/core_pattern", CORE_PATTERN))
    log_error("There will be no crash reports: %s", strerror(errno));
}

void crash_reports_export(bool enabled) {
  if (!enabled) return;
  /* Where Android's crash_dump looks. */
  const char *error = property_set("microdroid_manager.export_tombstones.enabled", "1");
  if (error) log_error("Crash reports will not be exported: %s", error);
}

static bool put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  int error = errno;
  close(fd);
  errno = error;
  return done;
}
