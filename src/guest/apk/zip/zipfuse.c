#include "zipfuse.h"
#include "fuse-server.h"
#include "../../init/log.h"
#include "../../init/payload/process-name.h"
#include "zip.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

const char *zipfuse_mount(const char *disk, uint64_t size, const char *folder) {
  static char why[256];
  static struct zip zip;
  int archive = open(disk, O_RDONLY | O_CLOEXEC);
  const char *error = archive < 0 ? strerror(errno) : zip_open(&zip, archive, size);
  if (error) {
    snprintf(why, sizeof why, "Failed to mount the APK: %s", error);
    return why;
  }
  if (zip.refused) log_error("%u entries of the APK were left out: their names lead out of it", zip.refused);
  char options[96];
  int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions", device);
  mkdir(folder, 0755);
  if (device < 0 || mount("zipfuse", folder, "fuse", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOATIME, options) != 0) {
    snprintf(why, sizeof why, "Failed to mount the APK at %s: %s", folder, strerror(errno));
    return why;
  }
  pid_t child = fork();
  if (child < 0) return "Failed to start the server of the APK";
  if (child == 0) {
    process_name("zipfuse");
    fuse_serve(device, &zip);
    _exit(0);
  }
  close(device);
  close(archive);
  return NULL;
}
