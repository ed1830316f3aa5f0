/* Preloaded into the guest's adbd: notifies init when it accepts connections on vsock. adbd's own notification (sd_notify)
 * comes earlier, because another thread of it listens there. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <fcntl.h>

static int ready = -1;

__attribute__((visibility("default"))) int listen(int socket, int backlog) {
  int result = (int)syscall(SYS_listen, socket, backlog);
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (result != 0 || ready < 0) return result;
  if (getsockname(socket, (struct sockaddr *)&address, &size) == 0 && address.ss_family == AF_VSOCK) {
    if (write(ready, "1", 1) != 1) abort();
    close(ready);
    ready = -1;
  }
  return result;
}

/* Neither this library nor the descriptor is meant for the shells that adbd starts. */
__attribute__((constructor)) static void take_descriptor(void) {
  const char *number = getenv("ADBD_READY_FD");
  if (number && *number != '-') ready = atoi(number);
  if (ready >= 0) fcntl(ready, F_SETFD, FD_CLOEXEC);
  unsetenv("ADBD_READY_FD");
  unsetenv("LD_PRELOAD");
}
