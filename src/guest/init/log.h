/* Two outputs, as Microdroid has them: the console (hvc0) and the guest's log (hvc2). */
#ifndef GUEST_LOG_H
#define GUEST_LOG_H
#include <stdbool.h>

/* Opens both serial devices; without `debuggable` everything written later goes nowhere. */
void log_open(bool debuggable);
/* File descriptor of the console, for the payload; /dev/null when the VM shows none. */
int log_console_fd(void);
/* File descriptor of the log, for daemons. */
int log_journal_fd(void);
/* Whether that is a log of its own, and not the console or nothing. */
bool log_journal_shown(void);
/* One line to the log. Printf format without a line end. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line to the log and to the console: what people and tests wait for. */
void log_mark(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Waits until the host has taken everything. */
void log_drain(void);
#endif
