#include "report.h"
#include "../../logging/log-client.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRIORITY_FATAL 7
#define MAX_LINE 4096
/* A host takes a report of one crash, not all that a process can make up. */
#define MAX_REPORT (2u << 20)

static char *text;
static size_t used, room;

static void add(bool logged, const char *format, va_list arguments);

void report_line(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(false, format, arguments);
  va_end(arguments);
}

void report_logged(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(true, format, arguments);
  va_end(arguments);
}

void report_either(bool logged, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(logged, format, arguments);
  va_end(arguments);
}

const char *report_text(size_t *size) {
  *size = used;
  return text;
}

static void add(bool logged, const char *format, va_list arguments) {
  char line[MAX_LINE];
  int size = vsnprintf(line, sizeof line - 1, format, arguments);
  if (size < 0) return;
  if (size > (int)sizeof line - 2) size = sizeof line - 2;
  if (logged) log_client_write(LOG_CRASH, PRIORITY_FATAL, "DEBUG", line);
  /* The name of a process must not end a line. */
  for (int i = 0; i < size; i++) {
    if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
  }
  line[size++] = '\n';
  if (used + (size_t)size > MAX_REPORT) return;
  if (used + (size_t)size > room) {
    size_t more = room ? room * 2 : 64 << 10;
    char *bigger = realloc(text, more);
    if (!bigger) return;
    text = bigger;
    room = more;
  }
  memcpy(text + used, line, (size_t)size);
  used += (size_t)size;
}
