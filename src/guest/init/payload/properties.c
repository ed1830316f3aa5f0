#include "properties.h"
#include "../../properties/store.h"
#include "../config/cmdline.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void add_boot_property(const char *name, const char *value, void *file);

bool properties_init(int release, bool debuggable, bool adb) {
  mkdir("/dev/__properties__", 0755);
  FILE *file = fopen(PROPERTIES_FILE, "we");
  if (!file) return false;
  fprintf(file,
          "ro.hardware=microdroid\n"
          "ro.product.cpu.abi=x86_64\n"
          "ro.product.cpu.abilist=x86_64\n"
          "ro.product.cpu.abilist64=x86_64\n"
          "ro.product.name=microdroid\n"
          "ro.build.version.release=%d\n"
          "ro.build.version.sdk=%d\n"
          "ro.adb.secure=0\n"
          "ro.debuggable=%d\n"
          "service.adb.listen_addrs=vsock:5555\n",
          release, release == 13 ? 33 : release + 20, debuggable);
  if (adb) fprintf(file, "init.svc.adbd=running\n");
  kernel_parameters(add_boot_property, file);
  return fclose(file) == 0;
}

/* `androidboot.x=y` on the command line is the property `ro.boot.x`, as in Android. */
static void add_boot_property(const char *name, const char *value, void *file) {
  if (strncmp(name, "androidboot.", 12) == 0) fprintf(file, "ro.boot.%s=%s\n", name + 12, value);
}
