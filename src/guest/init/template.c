#include "template.h"
#include "machine.h"
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PORT "/dev/ttyS1"
#define READY "AVF_TEMPLATE_READY\n"

static bool read_line(int fd, char *line, size_t size);

bool template_wait(void) {
  int fd = open(PORT, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  struct termios mode;
  if (tcgetattr(fd, &mode) == 0) {
    cfmakeraw(&mode);
    tcsetattr(fd, TCSANOW, &mode);
  }
  char line[64];
  long long epoch_ms = 0;
  bool resumed = write(fd, READY, strlen(READY)) == (ssize_t)strlen(READY) && tcdrain(fd) == 0 &&
                 read_line(fd, line, sizeof line) && sscanf(line, "resume %lld", &epoch_ms) == 1;
  close(fd);
  if (resumed) machine_put_clock(epoch_ms);
  return resumed;
}

/* The machine is frozen while this waits, and goes on in a copy of it. */
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
