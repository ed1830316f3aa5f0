#include "log-reader.h"
#include "log-record.h"
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

bool log_reader_read(const char *request, void (*each)(const struct log_entry *entry, char *payload)) {
  static char packet[sizeof(struct log_entry) + LOG_MAX_PAYLOAD + 3];
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = LOG_READ_SOCKET};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  bool asked = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
               send(fd, request, strlen(request), MSG_NOSIGNAL) >= 0;
  ssize_t size;
  while (asked && (size = recv(fd, packet, sizeof packet - 3, 0)) > 0) {
    struct log_entry entry;
    if ((size_t)size <= sizeof entry) continue;
    memcpy(&entry, packet, sizeof entry);
    memset(packet + size, 0, 3);
    if (log_buffer_is_text(entry.buffer)) each(&entry, packet + sizeof entry);
  }
  if (fd >= 0) close(fd);
  return asked;
}
