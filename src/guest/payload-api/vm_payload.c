/* libvm_payload.so of the emulated device. */
#include "vm_payload.h"
#include "protocol.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static ssize_t ask(const char *request, char *answer, size_t answer_size);

EXPORT void AVmPayload_notifyPayloadReady(void) {
  char answer[16];
  ssize_t size = ask(PAYLOAD_REQUEST_READY, answer, sizeof answer);
  if (size == (ssize_t)strlen(PAYLOAD_ANSWER_OK) && memcmp(answer, PAYLOAD_ANSWER_OK, (size_t)size) == 0) return;
  /* As in Android: a payload whose word does not reach its host has no way on. */
  fprintf(stderr, "Failed to notify payload ready: %s\n", size < 0 ? strerror(errno) : "the host did not record it");
  abort();
}

EXPORT const char *AVmPayload_getApkContentsPath(void) { return "/mnt/apk"; }

EXPORT const char *AVmPayload_getEncryptedStoragePath(void) { return NULL; }

static ssize_t ask(const char *request, char *answer, size_t answer_size) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PAYLOAD_SOCKET};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  ssize_t size = -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
      send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
    size = recv(fd, answer, answer_size, 0);
  int error = errno;
  close(fd);
  errno = error;
  return size;
}
