#include "tail-of-log.h"
#include "../../logging/log-reader.h"
#include "report.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *heading;

static void write_buffer(enum log_buffer buffer, const char *name, pid_t pid, unsigned lines);
static void write_entry(const struct log_entry *entry, char *payload);

void tail_of_log_write(pid_t pid, unsigned lines) {
  write_buffer(LOG_SYSTEM, "system", pid, lines);
  write_buffer(LOG_MAIN, "main", pid, lines);
}

static void write_buffer(enum log_buffer buffer, const char *name, pid_t pid, unsigned lines) {
  char request[96], title[64];
  snprintf(request, sizeof request, "dumpAndClose lids=%d pid=%d tail=%u", buffer, pid, lines);
  snprintf(title, sizeof title, "--------- %slog %s", lines ? "tail end of " : "", name);
  heading = title;
  log_reader_read(request, write_entry);
}

static void write_entry(const struct log_entry *entry, char *payload) {
  static const char levels[] = "!.VDIWEFS";
  time_t seconds = (time_t)entry->seconds;
  struct tm parts;
  char at[32];
  gmtime_r(&seconds, &parts);
  strftime(at, sizeof at, "%m-%d %H:%M:%S", &parts);
  if (heading) report_line("%s", heading);
  heading = NULL;
  uint8_t level = (uint8_t)*payload;
  const char *tag = payload + 1;
  char *message = payload + 1 + strlen(tag) + 1;
  for (char *line = strtok(message, "\n"); line; line = strtok(NULL, "\n"))
    report_line("%s.%03u %5d %5u %c %-8s: %s", at, entry->nanoseconds / 1000000, entry->pid, entry->tid,
                level < sizeof levels - 1 ? levels[level] : '?', tag, line);
}
