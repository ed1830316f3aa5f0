/* Reads what the log's daemon keeps. */
#ifndef GUEST_LOG_READER_H
#define GUEST_LOG_READER_H
#include "log-wire.h"
#include <stdbool.h>

/* Calls back for each entry of text that fits; the payload ends with two NULs more than it has. False when there is no log. */
bool log_reader_read(const char *request, void (*each)(const struct log_entry *entry, char *payload));
#endif
