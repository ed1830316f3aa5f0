#include "disks.h"
#include "wait.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Virtio cuts a serial at 20 bytes. */
#define SERIAL_SIZE 20

static bool look(const char *serial, char path[32]);

bool disk_find(const char *serial, char path[32], int timeout_ms) {
  struct deadline deadline = deadline_after(timeout_ms);
  while (!look(serial, path)) {
    if (!deadline_nap(&deadline)) return false;
  }
  return true;
}

static bool look(const char *serial, char path[32]) {
  DIR *folder = opendir("/sys/block");
  if (!folder) return false;
  bool found = false;
  struct dirent *entry;
  while (!found && (entry = readdir(folder))) {
    if (strncmp(entry->d_name, "vd", 2) != 0 || strlen(entry->d_name) > 8) continue;
    char file[64];
    snprintf(file, sizeof file, "/sys/block/%.8s/serial", entry->d_name);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    char text[64];
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size < 0) continue;
    text[size] = 0;
    text[strcspn(text, "\n")] = 0;
    found = strncmp(text, serial, SERIAL_SIZE) == 0 && strlen(text) <= SERIAL_SIZE;
    if (found) snprintf(path, 32, "/dev/%.8s", entry->d_name);
  }
  closedir(folder);
  return found;
}
