#include "modules.h"
#include "../config/cmdline.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool load(const char *folder, const char *name);
static void add_mmio_device(const char *name, const char *value, void *options);

bool modules_load(const char *folder, const char *group, char failed[64]) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s.list", folder, group);
  snprintf(failed, 64, "%s.list", group);
  FILE *list = fopen(path, "re");
  if (!list) return false;
  char name[64];
  bool loaded = true;
  while (loaded && fscanf(list, "%63s", name) == 1) {
    loaded = load(folder, name);
    if (!loaded) memcpy(failed, name, sizeof name);
  }
  int error = errno;
  fclose(list);
  errno = error;
  return loaded;
}

static bool load(const char *folder, const char *name) {
  char path[192];
  snprintf(path, sizeof path, "%s/%s.ko", folder, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char options[1024] = "";
  /* QEMU's machine without ACPI names its devices on the kernel command line, where a module does not see them. */
  if (strcmp(name, "virtio_mmio") == 0) kernel_parameters(add_mmio_device, options);
  long result = syscall(SYS_finit_module, fd, options, 0);
  int error = errno;
  close(fd);
  errno = error;
  return result == 0 || error == EEXIST;
}

static void add_mmio_device(const char *name, const char *value, void *options) {
  if (strcmp(name, "virtio_mmio.device") != 0) return;
  char *text = options;
  size_t used = strlen(text);
  snprintf(text + used, 1024 - used, "%sdevice=%s", used ? " " : "", value);
}
