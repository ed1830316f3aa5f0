#include "vmservice.h"
#include "log.h"
#include "machine/machine.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

/* The service only records reports, so it answers soon; a host that is paused meanwhile (snapshot) takes longer. */
#define ANSWER_TIMEOUT_S 60

static int service = -1;

static bool tell(const char *line);

const char *vmservice_connect(int release) {
  static char why[160];
  unsigned cid;
  if (!machine_cid(&cid)) {
    snprintf(why, sizeof why, "this VM has no vsock device: %s", strerror(errno));
    return why;
  }
  struct sockaddr_vm address = {
      .svm_family = AF_VSOCK,
      .svm_cid = VMADDR_CID_HOST,
      .svm_port = release == 13 ? VMSERVICE_PORT_RELEASE_13 : cid,
  };
  service = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
  if (service >= 0) setsockopt(service, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (service < 0 || connect(service, (struct sockaddr *)&address, sizeof address) != 0) {
    snprintf(why, sizeof why, "no service at vsock %u:%u for CID %u: %s", address.svm_cid, address.svm_port, cid,
             strerror(errno));
    if (service >= 0) close(service);
    service = -1;
    return why;
  }
  return NULL;
}

bool vmservice_started(void) { return tell("started\n"); }

bool vmservice_ready(void) { return tell("ready\n"); }

bool vmservice_finished(int exit_code) {
  char line[32];
  snprintf(line, sizeof line, "finished %d\n", exit_code);
  return tell(line);
}

bool vmservice_error(int code, const char *message) {
  char line[640];
  int size = snprintf(line, sizeof line, "error %d %s", code, message);
  if (size > (int)sizeof line - 2) size = (int)sizeof line - 2;
  for (int i = 0; i < size; i++) {
    if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
  }
  memcpy(line + size, "\n", 2);
  return tell(line);
}

/* Sends a line and reads one line of answer. */
static bool tell(const char *line) {
  if (service < 0) return false;
  size_t size = strlen(line);
  if (send(service, line, size, MSG_NOSIGNAL) != (ssize_t)size) return false;
  char answer[256];
  size_t got = 0;
  while (got < sizeof answer - 1) {
    if (recv(service, answer + got, 1, 0) != 1) return false;
    if (answer[got] == '\n') break;
    got++;
  }
  answer[got] = 0;
  if (strcmp(answer, "ok") == 0) return true;
  log_error("the host's service answered: %s", answer);
  return false;
}
