/* The payload's line to microdroid_manager: a unix socket that libvm_payload.so talks to. */
#ifndef GUEST_PAYLOAD_SERVICE_H
#define GUEST_PAYLOAD_SERVICE_H
#include "payload.h"

/* Starts to listen; returns the descriptor to poll, -1 with errno set on failure. */
int payload_service_listen(void);
/* Answers one connection. */
void payload_service_answer(int listener, const struct payload_context *context);
#endif
