#include "machine.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

/* The host passed its time before the VM started: a clock that the machine has set by itself is more exact. */
#define CLOCK_TOLERANCE_S 60

void machine_set_clock(int64_t epoch_seconds) {
  int64_t difference = epoch_seconds - (int64_t)time(NULL);
  if (epoch_seconds <= 0 || (difference > -CLOCK_TOLERANCE_S && difference < CLOCK_TOLERANCE_S)) return;
  struct timespec now = {.tv_sec = (time_t)epoch_seconds};
  clock_settime(CLOCK_REALTIME, &now);
}

void machine_put_clock(int64_t epoch_ms) {
  struct timespec now = {.tv_sec = (time_t)(epoch_ms / 1000), .tv_nsec = epoch_ms % 1000 * 1000000};
  if (epoch_ms > 0) clock_settime(CLOCK_REALTIME, &now);
}

void machine_add_entropy(const uint8_t *bytes, size_t size) {
  struct {
    int bit_count;
    int size;
    uint8_t bytes[64];
  } pool = {.bit_count = (int)size * 8, .size = (int)size};
  if (size > sizeof pool.bytes) return;
  memcpy(pool.bytes, bytes, size);
  int fd = open("/dev/random", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  ioctl(fd, RNDADDENTROPY, &pool);
  /* At once, and not with the next reseeding: a copy of a machine has the generator of its original until then. */
  ioctl(fd, RNDRESEEDCRNG);
  close(fd);
  explicit_bzero(&pool, sizeof pool);
}

void machine_start_network(const char *host_name) {
  sethostname(host_name, strlen(host_name));
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  struct ifreq request = {.ifr_name = "lo"};
  if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags |= IFF_UP;
    ioctl(fd, SIOCSIFFLAGS, &request);
  }
  close(fd);
}

bool machine_cid(unsigned *cid) {
  int fd = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  int result = ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, cid);
  close(fd);
  if (result == 0 && *cid <= VMADDR_CID_HOST) errno = ENODEV;
  return result == 0 && *cid > VMADDR_CID_HOST && *cid != VMADDR_CID_ANY;
}
