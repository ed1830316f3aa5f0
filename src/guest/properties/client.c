#include "client.h"
#include "../payload-api/protocol.h"
#include "store.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ROOT 0
#define SHELL 2000

const char *property_client_set(const char *name, const char *value) {
  if (geteuid() == ROOT) return property_set(name, value);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PAYLOAD_SOCKET};
  char packet[PROPERTY_MAX_LINE + 2];
  int size = snprintf(packet, sizeof packet, "%c%s=%s", PAYLOAD_SET_PROPERTY, name, value);
  if (size >= (int)sizeof packet || strchr(name, '=')) return "bad name or value";
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  bool asked = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
               send(fd, packet, (size_t)size, MSG_NOSIGNAL) == size && recv(fd, packet, sizeof packet, 0) == 1;
  const char *error = !asked ? strerror(errno) : packet[0] == PAYLOAD_OK ? NULL : "permission denied or bad value";
  if (fd >= 0) close(fd);
  return error;
}

bool property_may_set(uid_t user, const char *name) {
  return user == ROOT || user == SHELL || strncmp(name, "debug.", 6) == 0 || strncmp(name, "log.", 4) == 0;
}
