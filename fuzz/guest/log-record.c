/* Datagrams that any program of a VM sends to its log: read, and shown. */
#include "../../src/guest/logging/log-record.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

static void check_line(const char *text, size_t size) {
  if (size == 0 || text[size - 1] != '\n' || memchr(text, '\n', size) != text + size - 1) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct log_record record = {.pid = 7};
  char *datagram = malloc(size + 1);
  memcpy(datagram, data, size);
  if (log_record_parse(datagram, size, &record)) {
    if (record.tag[strlen(record.tag)] || record.message[strlen(record.message)]) abort();
    log_record_format(&record, check_line);
    accepted();
  }
  free(datagram);
  return 0;
}
