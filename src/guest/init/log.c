#include "log.h"
#include "../logging/log-client.h"
#include "wait.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define TAG "microdroid_manager"
/* Console ports of a virtio-serial device appear after its module is loaded, one control message each. */
#define SERIAL_TIMEOUT_MS 5000

static int console = -1;
static int journal = -1;
static bool muted;

static int open_serial(const char *path);
static void let_all_open(void);
static void write_line(char level, bool to_console, const char *format, va_list arguments);
static void write_all(int fd, const char *text, size_t size);

void log_open(bool debuggable) {
  muted = !debuggable;
  console = muted ? -1 : open_serial("/dev/hvc0");
  if (console < 0 && !muted) console = open_serial("/dev/ttyS0");
  if (console < 0) console = open("/dev/null", O_RDWR | O_CLOEXEC);
  let_all_open();
  journal = muted ? -1 : open_serial("/dev/hvc2");
}

/* A payload may read what is typed into its VM's console, and programs write the log, as Microdroid's init.rc and
 * ueventd.rc have it. hvc0 is what its /dev/console leads to. */
static void let_all_open(void) {
  static const char *const devices[] = {"/dev/console", "/dev/hvc0", "/dev/hvc2"};
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) chmod(devices[i], 0666);
}

int log_console_fd(void) { return console; }

int log_journal_fd(void) { return journal >= 0 ? journal : console; }

bool log_journal_shown(void) { return journal >= 0; }

void log_info(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_line('I', false, format, arguments);
  va_end(arguments);
}

void log_mark(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_line('I', true, format, arguments);
  va_end(arguments);
}

void log_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_line('E', true, format, arguments);
  va_end(arguments);
}

void log_drain(void) {
  if (console >= 0) tcdrain(console);
  if (journal >= 0) tcdrain(journal);
}

static int open_serial(const char *path) {
  int fd;
  struct deadline deadline = deadline_after(SERIAL_TIMEOUT_MS);
  while ((fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
    if (!deadline_nap(&deadline)) return -1;
  }
  struct termios mode;
  if (tcgetattr(fd, &mode) == 0) {
    /* A host reads this as a file: line ends stay as they were written. Input is still echoed, line by line. */
    mode.c_oflag &= ~(tcflag_t)OPOST;
    tcsetattr(fd, TCSANOW, &mode);
  }
  return fd;
}

/* Log lines look like `logcat -v threadtime`; console lines like a kernel message of a process. */
static void write_line(char level, bool to_console, const char *format, va_list arguments) {
  char text[1024];
  vsnprintf(text, sizeof text, format, arguments);
  for (char *at = text; *at; at++) {
    if (*at == '\n' || *at == '\r') *at = ' ';
  }
  log_client_write(LOG_MAIN, level == 'E' ? 6 : 4, TAG, text);
  char line[1200];
  if (journal >= 0) {
    struct timeval now;
    struct tm parts;
    gettimeofday(&now, NULL);
    gmtime_r(&now.tv_sec, &parts);
    int size = snprintf(line, sizeof line, "%02d-%02d %02d:%02d:%02d.%03d %5d %5d %c " TAG ": %s\n", parts.tm_mon + 1,
                        parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (int)(now.tv_usec / 1000),
                        (int)getpid(), (int)getpid(), level, text);
    write_all(journal, line, (size_t)size);
  }
  if (to_console && console >= 0) {
    struct timespec up;
    clock_gettime(CLOCK_MONOTONIC, &up);
    int size = snprintf(line, sizeof line, "[%5ld.%06ld] " TAG "[%d]: %s\n", (long)up.tv_sec, up.tv_nsec / 1000,
                        (int)getpid(), text);
    write_all(console, line, (size_t)size);
  }
}

static void write_all(int fd, const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = write(fd, text, size);
    if (written <= 0) return;
    text += written;
    size -= (size_t)written;
  }
}
