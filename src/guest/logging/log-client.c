#include "log-client.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The daemon only writes down what it gets. */
#define WRITE_TIMEOUT_S 2

void log_client_write(enum log_buffer buffer, int priority, const char *tag, const char *message) {
  int saved = errno;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  struct log_header header = {.buffer = (uint8_t)buffer,
                              .tid = (uint16_t)gettid(),
                              .seconds = (uint32_t)now.tv_sec,
                              .nanoseconds = (uint32_t)now.tv_nsec};
  uint8_t level = (uint8_t)priority;
  size_t tag_size = strnlen(tag, 256);
  size_t message_size = strnlen(message, LOG_MAX_PAYLOAD - tag_size - 3);
  struct iovec parts[] = {{&header, sizeof header},      {&level, 1},
                          {(void *)tag, tag_size},       {"", 1},
                          {(void *)message, message_size}, {"", 1}};
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = LOG_WRITE_SOCKET};
  struct msghdr datagram = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = parts, .msg_iovlen = 6};
  struct timeval timeout = {.tv_sec = WRITE_TIMEOUT_S};
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    (void)!sendmsg(fd, &datagram, MSG_NOSIGNAL);
    close(fd);
  }
  errno = saved;
}
