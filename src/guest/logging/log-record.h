/* One datagram of a log writer, checked. */
#ifndef GUEST_LOG_RECORD_H
#define GUEST_LOG_RECORD_H
#include "log-wire.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct log_record {
  struct log_header header;
  pid_t pid;
  uid_t uid;
  /* Both end with NUL, and lie in the datagram. Of the binary buffers both are empty. */
  const char *tag, *message;
  uint8_t priority;
};

/* Reads a datagram that has `size` bytes and room for one more, which becomes a NUL. False when it is none of a log. */
bool log_record_parse(char *datagram, size_t size, struct log_record *record);
/* Whether the payload is text: priority, tag, message. */
bool log_buffer_is_text(unsigned buffer);
/* Writes line by line what `logcat -v threadtime` shows; calls `line` with each, its end included. */
void log_record_format(const struct log_record *record, void (*line)(const char *text, size_t size));
#endif
