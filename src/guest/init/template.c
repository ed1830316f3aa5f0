#include "template.h"
#include "machine/disks.h"
#include "failure.h"
#include "machine/machine.h"
#include "wait.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PORT "/dev/ttyS1"
#define READY "AVF_TEMPLATE_READY\n"
/* The VMM tells the driver of the new CID as soon as the copy runs. */
#define CID_TIMEOUT_MS 10000

static bool read_line(int fd, char *line, size_t size);
static bool wait_for_cid(unsigned cid);

bool template_wait(void) {
  int fd = open(PORT, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  struct termios mode;
  if (tcgetattr(fd, &mode) == 0) {
    cfmakeraw(&mode);
    tcsetattr(fd, TCSANOW, &mode);
  }
  char line[128], resized[64];
  long long epoch_ms = 0;
  unsigned cid = 0;
  bool resumed = write(fd, READY, strlen(READY)) == (ssize_t)strlen(READY) && tcdrain(fd) == 0 &&
                 read_line(fd, line, sizeof line) && sscanf(line, "resume %lld %u %63s", &epoch_ms, &cid, resized) == 3;
  close(fd);
  if (!resumed) return false;
  machine_put_clock(epoch_ms);
  if (!disks_resize(resized)) fail(FAILURE_NO_SERVICE, "The disks of a copy do not answer: %s", strerror(errno));
  if (!disks_forget()) fail(FAILURE_NO_SERVICE, "The disks of a template cannot be forgotten: %s", strerror(errno));
  if (!wait_for_cid(cid)) fail(FAILURE_NO_SERVICE, "The vsock driver was not told of CID %u", cid);
  return true;
}

/* Connections made before that use the template's CID, and end when the driver gets the new one. */
static bool wait_for_cid(unsigned cid) {
  struct deadline deadline = deadline_after(CID_TIMEOUT_MS);
  unsigned now;
  while (!machine_cid(&now) || now != cid) {
    if (!deadline_nap(&deadline)) return false;
  }
  return true;
}

/* The machine is paused while this waits, and continues in a copy of it. */
static bool read_line(int fd, char *line, size_t size) {
  for (size_t filled = 0; filled + 1 < size; filled++) {
    if (read(fd, line + filled, 1) != 1) return false;
    if (line[filled] == '\n') {
      line[filled] = 0;
      return true;
    }
  }
  return false;
}
