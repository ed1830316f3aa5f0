/* libvm_payload.so of the emulated device. */
#include "vm_payload.h"
#include "../properties/client.h"
#include "../properties/store.h"
#include "protocol.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define STORAGE "/mnt/encryptedstore"
#define MAX_CHALLENGE 64
#define ROLLBACK_PROTECTION_UNAVAILABLE (-1)

static void ask(const char *what, enum payload_request request, const void *data, size_t size, void *answer,
                size_t answer_size);
static size_t ask_for_any(const char *what, enum payload_request request, const void *data, size_t size, uint8_t *packet);
static size_t give(const char *what, enum payload_request request, void *data, size_t size);
static _Noreturn void give_up(const char *what, const char *why);

EXPORT void AVmPayload_notifyPayloadReady(void) { ask("notify payload ready", PAYLOAD_NOTIFY_READY, NULL, 0, NULL, 0); }

EXPORT void AVmPayload_getVmInstanceSecret(const void *identifier, size_t identifier_size, void *secret, size_t size) {
  uint8_t data[PAYLOAD_MAX_PACKET - 1];
  if (size > PAYLOAD_MAX_SECRET) give_up("get the VM's instance secret", "more than 32 bytes asked for");
  if (identifier_size > 4000) give_up("get the VM's instance secret", "too long an identifier");
  data[0] = (uint8_t)size;
  if (identifier_size > 0) memcpy(data + 1, identifier, identifier_size);
  ask("get the VM's instance secret", PAYLOAD_INSTANCE_SECRET, data, 1 + identifier_size, secret, size);
}

EXPORT const char *AVmPayload_getApkContentsPath(void) { return "/mnt/apk"; }

EXPORT const char *AVmPayload_getEncryptedStoragePath(void) { return access(STORAGE, F_OK) == 0 ? STORAGE : NULL; }

/* Of Android's libc: sys/system_properties.h. */
#define PROP_VALUE_MAX 92

EXPORT int __system_property_set(const char *name, const char *value) {
  return property_client_set(name, value) == NULL ? 0 : -1;
}

EXPORT int __system_property_get(const char *name, char *value) {
  *value = 0;
  return property_get(name, value, PROP_VALUE_MAX) ? (int)strlen(value) : 0;
}

EXPORT size_t AVmPayload_getDiceAttestationChain(void *data, size_t size) {
  return give("get the DICE attestation chain", PAYLOAD_DICE_CHAIN, data, size);
}

EXPORT size_t AVmPayload_getDiceAttestationCdi(void *data, size_t size) {
  return give("get the DICE attestation CDI", PAYLOAD_DICE_CDI, data, size);
}

EXPORT bool AVmPayload_isNewInstance(void) {
  uint8_t is_new;
  ask("ask whether the VM is new", PAYLOAD_IS_NEW_INSTANCE, NULL, 0, &is_new, 1);
  return is_new;
}

/* These need Secretkeeper, which does not exist here, as on a phone without updatable VMs. */
EXPORT int32_t AVmPayload_writeRollbackProtectedSecret(const void *data, size_t size) {
  return (void)data, (void)size, ROLLBACK_PROTECTION_UNAVAILABLE;
}

EXPORT int32_t AVmPayload_readRollbackProtectedSecret(void *data, size_t size) {
  return (void)data, (void)size, ROLLBACK_PROTECTION_UNAVAILABLE;
}

EXPORT AVmAttestationStatus AVmPayload_requestAttestation(const void *challenge, size_t challenge_size,
                                                          struct AVmAttestationResult **result) {
  (void)challenge;
  *result = NULL;
  return challenge_size > MAX_CHALLENGE ? ATTESTATION_ERROR_INVALID_CHALLENGE : ATTESTATION_ERROR_UNSUPPORTED;
}

EXPORT const char *AVmAttestationStatus_toString(AVmAttestationStatus status) {
  switch (status) {
  case ATTESTATION_OK:
    return "The remote attestation completes successfully.";
  case ATTESTATION_ERROR_INVALID_CHALLENGE:
    return "The challenge size is not between 0 and 64.";
  case ATTESTATION_ERROR_ATTESTATION_FAILED:
    return "Failed to attest the VM. Please retry at a later time.";
  case ATTESTATION_ERROR_UNSUPPORTED:
    return "Remote attestation is not supported in the current environment.";
  }
  return "";
}

EXPORT void AVmAttestationResult_free(struct AVmAttestationResult *result) { (void)result; }

EXPORT size_t AVmAttestationResult_getPrivateKey(const struct AVmAttestationResult *result, void *data, size_t size) {
  return (void)result, (void)data, (void)size, 0;
}

EXPORT size_t AVmAttestationResult_sign(const struct AVmAttestationResult *result, const void *message,
                                        size_t message_size, void *data, size_t size) {
  return (void)result, (void)message, (void)message_size, (void)data, (void)size, 0;
}

EXPORT size_t AVmAttestationResult_getCertificateCount(const struct AVmAttestationResult *result) {
  return (void)result, 0;
}

EXPORT size_t AVmAttestationResult_getCertificateAt(const struct AVmAttestationResult *result, size_t index, void *data,
                                                    size_t size) {
  return (void)result, (void)index, (void)data, (void)size, 0;
}

/* Copies as much as there is room for; returns how much there is. */
static size_t give(const char *what, enum payload_request request, void *data, size_t size) {
  uint8_t packet[PAYLOAD_MAX_PACKET];
  size_t got = ask_for_any(what, request, NULL, 0, packet);
  if (size > 0) memcpy(data, packet + 1, got < size ? got : size);
  explicit_bzero(packet, sizeof packet);
  return got;
}

/* Sends a request and takes an answer of exactly this size, or ends the payload. */
static void ask(const char *what, enum payload_request request, const void *data, size_t size, void *answer,
                size_t answer_size) {
  uint8_t packet[PAYLOAD_MAX_PACKET];
  if (ask_for_any(what, request, data, size, packet) != answer_size) give_up(what, "microdroid_manager refused");
  if (answer_size > 0) memcpy(answer, packet + 1, answer_size);
  explicit_bzero(packet, sizeof packet);
}

/* The answer is behind the first byte of the packet; returns its size, or ends the payload. */
static size_t ask_for_any(const char *what, enum payload_request request, const void *data, size_t size, uint8_t *packet) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PAYLOAD_SOCKET};
  packet[0] = (uint8_t)request;
  if (size > 0) memcpy(packet + 1, data, size);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      send(fd, packet, 1 + size, MSG_NOSIGNAL) != (ssize_t)(1 + size))
    give_up(what, strerror(errno));
  ssize_t got = recv(fd, packet, PAYLOAD_MAX_PACKET, 0);
  if (got < 0) give_up(what, strerror(errno));
  if (got < 1 || packet[0] != PAYLOAD_OK) give_up(what, "microdroid_manager refused");
  close(fd);
  return (size_t)got - 1;
}

/* As in Android, a payload that cannot reach its host ends. */
static _Noreturn void give_up(const char *what, const char *why) {
  fprintf(stderr, "Failed to %s: %s\n", what, why);
  abort();
}
