/* Writes into the VM's log. */
#ifndef GUEST_LOG_CLIENT_H
#define GUEST_LOG_CLIENT_H
#include "log-wire.h"

/* `priority` is Android's: 2 verbose … 7 fatal. Without a log daemon the line is lost; the call never blocks for long. */
void log_client_write(enum log_buffer buffer, int priority, const char *tag, const char *message);
#endif
