/* The last entries of the log, and who wants those to come. */
#ifndef GUEST_LOG_RING_H
#define GUEST_LOG_RING_H
#include "log-record.h"

/* Keeps a copy of an entry, in the place of the oldest ones; sends it to those who follow. */
void log_ring_add(const struct log_record *record, const char *payload, size_t size);
/* Answers who asks at `client`, as logd does: `stream` or `dumpAndClose`, with `lids=0,3`, `pid=N`, `tail=N`. Takes the
 * descriptor. */
void log_ring_answer(int client, char *request);
#endif
