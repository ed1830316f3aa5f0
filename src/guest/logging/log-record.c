#include "log-record.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EVENTS_BUFFER 2
#define STATS_BUFFER 5
#define SECURITY_BUFFER 6
#define KERNEL_BUFFER 7

bool log_record_parse(char *datagram, size_t size, struct log_record *record) {
  if (size <= sizeof record->header || size > sizeof record->header + LOG_MAX_PAYLOAD) return false;
  memcpy(&record->header, datagram, sizeof record->header);
  record->priority = 0;
  record->tag = record->message = "";
  /* Nobody but the kernel has kernel lines. */
  if (record->header.buffer >= LOG_BUFFERS || record->header.buffer == KERNEL_BUFFER) return false;
  if (!log_buffer_is_text(record->header.buffer)) return true;
  datagram[size] = 0;
  char *payload = datagram + sizeof record->header;
  char *end = datagram + size;
  char *tag = payload + 1;
  char *tag_end = memchr(tag, 0, (size_t)(end - tag) + 1);
  record->priority = (uint8_t)*payload;
  record->tag = tag;
  record->message = tag_end < end ? tag_end + 1 : end;
  return true;
}

bool log_buffer_is_text(unsigned buffer) {
  return buffer != EVENTS_BUFFER && buffer != STATS_BUFFER && buffer != SECURITY_BUFFER;
}

void log_record_format(const struct log_record *record, void (*line)(const char *text, size_t size)) {
  static const char levels[] = "??VDIWEFS";
  if (!log_buffer_is_text(record->header.buffer)) return;
  char level = record->priority < sizeof levels - 1 ? levels[record->priority] : '?';
  time_t seconds = (time_t)record->header.seconds;
  struct tm at;
  gmtime_r(&seconds, &at);
  const char *message = record->message;
  do {
    int length = (int)strcspn(message, "\n");
    char text[LOG_MAX_PAYLOAD + 512];
    int size = snprintf(text, sizeof text, "%02d-%02d %02d:%02d:%02d.%03u %5d %5u %c %-8.200s: %.*s\n", at.tm_mon + 1,
                        at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec, record->header.nanoseconds / 1000000 % 1000,
                        (int)record->pid, record->header.tid, level, record->tag, length, message);
    /* A tag must not make a second line. */
    for (int i = 0; i < size - 1; i++) {
      if (text[i] == '\n' || text[i] == '\r') text[i] = ' ';
    }
    line(text, (size_t)size);
    message += length + (message[length] == '\n');
  } while (*message);
}
