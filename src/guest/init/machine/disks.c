#include "disks.h"
#include "../wait.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Virtio cuts a serial at 20 bytes. */
#define SERIAL_SIZE 20

#define MAX_DISKS 32
#define DRIVER "/sys/bus/virtio/drivers/virtio_blk"

struct disk {
  char serial[64];
  char device[16];
};

static bool look(const char *serial, char path[32]);
static int list_disks(struct disk disks[MAX_DISKS]);
static int by_serial(const void *a, const void *b);
static bool find_anew(const char *device);
static bool put(const char *path, const char *text);
static bool read_serial(const char *device, char serial[64]);

bool disk_find(const char *serial, char path[32], int timeout_ms) {
  struct deadline deadline = deadline_after(timeout_ms);
  while (!look(serial, path)) {
    if (!deadline_nap(&deadline)) return false;
  }
  return true;
}

void disks_link(void) {
  mkdir("/dev/block", 0755);
  mkdir("/dev/block/by-name", 0755);
  struct disk disks[MAX_DISKS];
  int count = list_disks(disks);
  for (int i = 0; i < count; i++) {
    const char *serial = disks[i].serial;
    char path[32], link[96];
    /* A name from outside becomes a path here. */
    if (strchr(serial, '/') || *serial == '.') continue;
    snprintf(path, sizeof path, "/dev/%.8s", disks[i].device);
    snprintf(link, sizeof link, "/dev/block/by-name/%s", serial);
    if (symlink(path, link) != 0) continue;
  }
}

bool disks_resize(const char *resized) {
  struct disk disks[MAX_DISKS];
  int count = list_disks(disks);
  if (count < 0 || (size_t)count != strlen(resized)) return errno = ENXIO, false;
  qsort(disks, (size_t)count, sizeof *disks, by_serial);
  for (int i = 0; i < count; i++) {
    if (resized[i] == '1' && !find_anew(disks[i].device)) return false;
  }
  return true;
}

bool disks_forget(void) {
  DIR *folder = opendir("/sys/block");
  if (!folder) return false;
  bool all = true;
  struct dirent *entry;
  while (all && (entry = readdir(folder))) {
    char path[32];
    if (strncmp(entry->d_name, "vd", 2) != 0) continue;
    snprintf(path, sizeof path, "/dev/%.8s", entry->d_name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    all = fd >= 0 && ioctl(fd, BLKFLSBUF, 0) == 0;
    if (fd >= 0) close(fd);
  }
  closedir(folder);
  return all;
}

static bool look(const char *serial, char path[32]) {
  DIR *folder = opendir("/sys/block");
  if (!folder) return false;
  bool found = false;
  struct dirent *entry;
  while (!found && (entry = readdir(folder))) {
    char text[64];
    found = read_serial(entry->d_name, text) && strncmp(text, serial, SERIAL_SIZE) == 0 && strlen(text) <= SERIAL_SIZE;
    if (found) snprintf(path, 32, "/dev/%.8s", entry->d_name);
  }
  closedir(folder);
  return found;
}

static int list_disks(struct disk disks[MAX_DISKS]) {
  DIR *folder = opendir("/sys/block");
  if (!folder) return -1;
  int count = 0;
  struct dirent *entry;
  while (count < MAX_DISKS && (entry = readdir(folder))) {
    struct disk *disk = &disks[count];
    if (!read_serial(entry->d_name, disk->serial) || !*disk->serial) continue;
    snprintf(disk->device, sizeof disk->device, "%.8s", entry->d_name);
    count++;
  }
  closedir(folder);
  return count;
}

static int by_serial(const void *a, const void *b) {
  return strcmp(((const struct disk *)a)->serial, ((const struct disk *)b)->serial);
}

/* A driver asks a disk for its size when it finds it, and later only when the VMM says that it has changed; it says so for
 * what can be written only. */
static bool find_anew(const char *device) {
  char link[64], target[256];
  snprintf(link, sizeof link, "/sys/block/%.8s/device", device);
  ssize_t size = readlink(link, target, sizeof target - 1);
  if (size < 0) return false;
  target[size] = 0;
  const char *slash = strrchr(target, '/');
  const char *name = slash ? slash + 1 : target;
  return put(DRIVER "/unbind", name) && put(DRIVER "/bind", name);
}

static bool put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  int error = errno;
  close(fd);
  errno = error;
  return done;
}

static bool read_serial(const char *device, char serial[64]) {
  char file[64];
  if (strncmp(device, "vd", 2) != 0 || strlen(device) > 8) return false;
  snprintf(file, sizeof file, "/sys/block/%.8s/serial", device);
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t size = read(fd, serial, 63);
  close(fd);
  if (size < 0) return false;
  serial[size] = 0;
  serial[strcspn(serial, "\n")] = 0;
  return true;
}
