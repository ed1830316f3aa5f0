/* Where a crash report goes: into memory, and those of its lines that Android logs into the log. */
#ifndef CRASH_DUMP_REPORT_H
#define CRASH_DUMP_REPORT_H
#include <stdbool.h>
#include <stddef.h>

/* A line without its end. */
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and into the log, with tag DEBUG. */
void report_logged(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_either(bool logged, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All of it. */
const char *report_text(size_t *size);
#endif
