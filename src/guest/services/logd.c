#include "logd.h"
#include "../init/log.h"
#include "../init/payload/process-name.h"
#include "../logging/log-ring.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A client sends its request right after connecting, and reads the answer. */
#define READER_TIMEOUT_S 2

static pid_t logd = -1;
static int output = -1;

static int listen_at(const char *path, int type);
static _Noreturn void serve(int writers, int readers);
static void take(int writers);
static void answer(int readers);
static void show(const char *text, size_t size);

void logd_start(void) {
  int writers = listen_at(LOG_WRITE_SOCKET, SOCK_DGRAM);
  int readers = listen_at(LOG_READ_SOCKET, SOCK_SEQPACKET);
  if (writers < 0 || readers < 0) log_error("Failed to keep a log: %s", strerror(errno));
  logd = writers < 0 || readers < 0 ? -1 : fork();
  if (logd == 0) serve(writers, readers);
  if (writers >= 0) close(writers);
  if (readers >= 0) close(readers);
}

bool logd_ended(pid_t pid) {
  if (pid != logd) return false;
  log_error("The log's daemon ended");
  logd_start();
  return true;
}

static int listen_at(const char *path, int type) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int on = 1;
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  unlink(path);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  chmod(path, 0666);
  return (type == SOCK_DGRAM ? setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) : listen(fd, 4)) == 0 ? fd : -1;
}

static _Noreturn void serve(int writers, int readers) {
  process_name("logd");
  output = log_journal_shown() ? log_journal_fd() : -1;
  struct pollfd waits[] = {{.fd = writers, .events = POLLIN}, {.fd = readers, .events = POLLIN}};
  for (;;) {
    poll(waits, 2, -1);
    if (waits[0].revents) take(writers);
    if (waits[1].revents) answer(readers);
  }
}

static void take(int writers) {
  static char datagram[sizeof(struct log_header) + LOG_MAX_PAYLOAD + 2];
  char control[CMSG_SPACE(sizeof(struct ucred))];
  struct iovec part = {datagram, sizeof datagram - 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t size = recvmsg(writers, &message, MSG_DONTWAIT);
  struct cmsghdr *header = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  struct log_record record;
  if (!header || header->cmsg_type != SCM_CREDENTIALS || !log_record_parse(datagram, (size_t)size, &record)) return;
  struct ucred sender;
  memcpy(&sender, CMSG_DATA(header), sizeof sender);
  record.pid = sender.pid;
  record.uid = sender.uid;
  log_ring_add(&record, datagram + sizeof record.header, (size_t)size - sizeof record.header);
  /* init shows its lines itself: they have to be out before it powers off. */
  if (output >= 0 && sender.pid != 1) log_record_format(&record, show);
}

static void answer(int readers) {
  int client = accept4(readers, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  struct timeval timeout = {.tv_sec = READER_TIMEOUT_S};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  char request[256];
  ssize_t size = recv(client, request, sizeof request - 1, 0);
  if (size <= 0) {
    close(client);
    return;
  }
  request[size] = 0;
  log_ring_answer(client, request);
}

static void show(const char *text, size_t size) {
  while (size > 0) {
    ssize_t written = write(output, text, size);
    if (written <= 0) return;
    text += written;
    size -= (size_t)written;
  }
}
