#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *loop_attach(const char *file, uint64_t offset, uint64_t size, char path[32]) {
  static char why[128];
  int backing = open(file, O_RDONLY | O_CLOEXEC);
  int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
  int loop = -1;
  if (number >= 0) {
    snprintf(path, 32, "/dev/loop%d", number);
    loop = open(path, O_RDONLY | O_CLOEXEC);
  }
  struct loop_config config = {
      .fd = (uint32_t)backing,
      .info = {.lo_offset = offset, .lo_sizelimit = size, .lo_flags = LO_FLAGS_READ_ONLY},
  };
  bool done = backing >= 0 && loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) == 0;
  if (!done) snprintf(why, sizeof why, "Failed to attach a loop device to %s: %s", file, strerror(errno));
  /* The device keeps its file open by itself. */
  for (int i = 0; i < 3; i++) {
    int fd = i == 0 ? backing : i == 1 ? control : loop;
    if (fd >= 0) close(fd);
  }
  return done ? NULL : why;
}
