#include "port.h"
#include <fcntl.h>
#include <unistd.h>

#define PORTS "/dev/port"

bool port_put(unsigned port, uint8_t value) {
  int fd = open(PORTS, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t written = pwrite(fd, &value, 1, port);
  close(fd);
  return written == 1;
}

bool port_get(unsigned port, uint8_t *value) {
  int fd = open(PORTS, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = pread(fd, value, 1, port);
  close(fd);
  return got == 1;
}
