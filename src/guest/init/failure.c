#include "failure.h"
#include "log.h"
#include "machine/port.h"
#include "machine/poweroff.h"
#include "vmservice.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A serial port takes 16 bytes at once; the host reads a pipe. */
#define CHUNK 16
/* COM2, which is ttyS1, and what its line status register says. */
#define FAILURE_PORT 0x2f8
#define LINE_STATUS 5
#define TRANSMITTER_EMPTY 0x20
#define MAX_LOOKS 10000

static const char *reason_of(enum failure code);
static void write_reason(const char *reason, const char *details);
static bool write_to_port(const char *text, int size);
static bool is_empty(void);
static void write_to_terminal(const char *text, int size);
static void on_crash(int signal_number);

_Noreturn void fail(enum failure code, const char *format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  log_error("%s", message);
  if (code != FAILURE_NO_SERVICE) vmservice_error(code, message);
  write_reason(reason_of(code), message);
  power_off();
}

void fail_on_crash(void) {
  struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
  const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

static const char *reason_of(enum failure code) {
  switch (code) {
  case FAILURE_NO_SERVICE:
    return "MICRODROID_FAILED_TO_CONNECT_TO_VIRTUALIZATION_SERVICE";
  case FAILURE_PAYLOAD_VERIFICATION:
    return "MICRODROID_PAYLOAD_VERIFICATION_FAILED";
  case FAILURE_PAYLOAD_CHANGED:
    return "MICRODROID_PAYLOAD_HAS_CHANGED";
  case FAILURE_PAYLOAD_INVALID_CONFIG:
    return "MICRODROID_INVALID_PAYLOAD_CONFIG";
  default:
    return "MICRODROID_UNKNOWN_RUNTIME_ERROR";
  }
}

static void write_reason(const char *reason, const char *details) {
  char text[640];
  int size = snprintf(text, sizeof text, "%s|%s", reason, details);
  if (size >= (int)sizeof text) size = sizeof text - 1;
  if (!write_to_port(text, size)) write_to_terminal(text, size);
}

/* Byte by byte to the port itself, without an interrupt, which a guest in trouble may never get. */
static bool write_to_port(const char *text, int size) {
  int at = 0;
  while (at < size && is_empty() && port_put(FAILURE_PORT, (uint8_t)text[at])) at++;
  return at > 0;
}

static bool is_empty(void) {
  uint8_t status;
  for (int looks = 0; looks < MAX_LOOKS; looks++) {
    if (!port_get(FAILURE_PORT + LINE_STATUS, &status)) return false;
    if (status & TRANSMITTER_EMPTY) return true;
  }
  return false;
}

static void write_to_terminal(const char *text, int size) {
  int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return;
  struct termios mode;
  if (tcgetattr(fd, &mode) == 0) {
    cfmakeraw(&mode);
    tcsetattr(fd, TCSANOW, &mode);
  }
  for (int at = 0; at < size; at += CHUNK) {
    if (write(fd, text + at, (size_t)(size - at < CHUNK ? size - at : CHUNK)) < 0) break;
    tcdrain(fd);
  }
  close(fd);
}

static void on_crash(int signal_number) {
  /* Children of this program share the handler until they run another program; only the first process is the VM. */
  if (getpid() != 1) _exit(128 + signal_number);
  write_reason("MICRODROID_UNKNOWN_RUNTIME_ERROR", strsignal(signal_number));
  power_off();
}
