/* The last entries of the log, and the clients that wait for new ones. */
#ifndef GUEST_LOG_RING_H
#define GUEST_LOG_RING_H
#include "log-record.h"

/* Keeps a copy of an entry, replacing the oldest ones, and sends it to clients that follow the log. */
void log_ring_add(const struct log_record *record, const char *payload, size_t size);
/* Answers the request of `client`, as logd does: `stream` or `dumpAndClose`, with `lids=0,3`, `pid=N`, `tail=N`. Takes the
 * descriptor. */
void log_ring_answer(int client, char *request);
#endif
