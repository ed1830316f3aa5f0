#include "payload-service.h"
#include "../../payload-api/protocol.h"
#include "../../properties/client.h"
#include "../../properties/store.h"
#include "../../services/dice.h"
#include "../log.h"
#include "../vmservice.h"
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A request is sent in one piece right after connecting; a slow client would block all others. */
#define REQUEST_TIMEOUT_S 2

static bool answer(int client, uint8_t *packet, size_t size, const struct payload_context *context,
                   size_t *answer_size);
static bool notify_ready(void);
static bool give_dice(uint8_t *packet, const struct payload_context *context, size_t *answer_size);
static bool set_property(int client, char *request);
static bool derive_secret(const uint8_t *request, size_t size, const struct identity *identity, uint8_t *secret);

int payload_service_listen(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PAYLOAD_SOCKET};
  int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (listener < 0) return -1;
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
    close(listener);
    return -1;
  }
  chmod(PAYLOAD_SOCKET, 0666);
  return listener;
}

void payload_service_answer(int listener, const struct payload_context *context) {
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  struct timeval timeout = {.tv_sec = REQUEST_TIMEOUT_S};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  uint8_t packet[PAYLOAD_MAX_PACKET + 1];
  ssize_t size = recv(client, packet, sizeof packet - 1, 0);
  if (size > 0) {
    size_t answer_size = 0;
    packet[size] = 0;
    packet[0] = answer(client, packet, (size_t)size, context, &answer_size) ? PAYLOAD_OK : PAYLOAD_FAILED;
    send(client, packet, 1 + answer_size, MSG_NOSIGNAL);
  }
  explicit_bzero(packet, sizeof packet);
  close(client);
}

/* Writes the answer's data behind the first byte of the packet. */
static bool answer(int client, uint8_t *packet, size_t size, const struct payload_context *context,
                   size_t *answer_size) {
  switch (packet[0]) {
  case PAYLOAD_NOTIFY_READY:
    return notify_ready();
  case PAYLOAD_INSTANCE_SECRET: {
    uint8_t secret[PAYLOAD_MAX_SECRET];
    if (!derive_secret(packet + 1, size - 1, context->identity, secret)) return false;
    *answer_size = packet[1];
    memcpy(packet + 1, secret, *answer_size);
    explicit_bzero(secret, sizeof secret);
    return true;
  }
  case PAYLOAD_DICE_CHAIN:
  case PAYLOAD_DICE_CDI:
    return give_dice(packet, context, answer_size);
  case PAYLOAD_IS_NEW_INSTANCE:
    packet[1] = context->new_instance;
    *answer_size = 1;
    return true;
  case PAYLOAD_SET_PROPERTY:
    return set_property(client, (char *)packet + 1);
  default:
    return false;
  }
}

/* The host hears of it once, however often the payload says so. */
static bool notify_ready(void) {
  static bool told;
  if (told) return true;
  log_mark("notifying payload ready");
  return told = vmservice_ready();
}

/* For VMs with a config only, as Android has it: they are a test's or the platform's. */
static bool give_dice(uint8_t *packet, const struct payload_context *context, size_t *answer_size) {
  if (!context->config->path) {
    log_error("Use of restricted APIs is not allowed");
    return false;
  }
  const struct dice_answer *dice = dice_get(context->identity, context->config);
  if (!dice) return false;
  const bool chain = packet[0] == PAYLOAD_DICE_CHAIN;
  *answer_size = chain ? dice->chain_size : sizeof dice->cdi_attest;
  memcpy(packet + 1, chain ? dice->chain : dice->cdi_attest, *answer_size);
  return true;
}

static bool set_property(int client, char *request) {
  struct ucred caller;
  socklen_t size = sizeof caller;
  char *value = strchr(request, '=');
  if (!value || getsockopt(client, SOL_SOCKET, SO_PEERCRED, &caller, &size) != 0) return false;
  *value++ = 0;
  return property_may_set(caller.uid, request) && property_set(request, value) == NULL;
}

static bool derive_secret(const uint8_t *request, size_t size, const struct identity *identity, uint8_t *secret) {
  if (size < 1 || request[0] > PAYLOAD_MAX_SECRET) return false;
  /* Always whole, then cut: a short secret is the beginning of the long one, as in Android. */
  identity_derive(identity, "payload secret", request + 1, size - 1, secret, PAYLOAD_MAX_SECRET);
  return true;
}
