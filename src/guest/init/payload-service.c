#include "payload-service.h"
#include "../payload-api/protocol.h"
#include "log.h"
#include "vmservice.h"
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A request is sent in one piece right after connecting; whoever dawdles would stop everyone else. */
#define REQUEST_TIMEOUT_S 2

static bool notify_ready(void);

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

void payload_service_answer(int listener) {
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  struct timeval timeout = {.tv_sec = REQUEST_TIMEOUT_S};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  char request[64];
  ssize_t size = recv(client, request, sizeof request - 1, 0);
  if (size > 0) {
    request[size] = 0;
    bool done = strcmp(request, PAYLOAD_REQUEST_READY) == 0 && notify_ready();
    const char *answer = done ? PAYLOAD_ANSWER_OK : "failed";
    send(client, answer, strlen(answer), MSG_NOSIGNAL);
  }
  close(client);
}

/* The host hears of it once, however often the payload says so. */
static bool notify_ready(void) {
  static bool told;
  if (told) return true;
  log_mark("notifying payload ready");
  return told = vmservice_ready();
}
