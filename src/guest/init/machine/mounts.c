#include "mounts.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/root"

static const char *move_under_root(const char *folder);
static void mount_writable(void);
static void empty_initramfs(void);

void mount_early(void) {
  mkdir("/proc", 0555);
  mkdir("/sys", 0555);
  mkdir("/dev", 0755);
  mkdir(ROOT, 0755);
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
  /* The kernel found no console yet to open for us. Descriptors 0 to 2 must not become anything else by chance. */
  while (open("/dev/null", O_RDWR) == 0 || fcntl(2, F_GETFD) < 0) continue;
}

const char *mount_system(const char *disk) {
  static char why[160];
  const char *step = "mount the system disk";
  if (mount(disk, ROOT, "ext4", MS_RDONLY | MS_NOATIME, NULL) == 0) {
    empty_initramfs();
    if (!(step = move_under_root("/proc")) && !(step = move_under_root("/sys")) && !(step = move_under_root("/dev"))) {
      step = "make the system disk the root";
      if (chdir(ROOT) == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0 && chdir("/") == 0) {
        mount_writable();
        return NULL;
      }
    }
  }
  snprintf(why, sizeof why, "Failed to %s (%s): %s", step, disk, strerror(errno));
  return why;
}

static const char *move_under_root(const char *folder) {
  char target[32];
  snprintf(target, sizeof target, ROOT "%s", folder);
  return mount(folder, target, NULL, MS_MOVE, NULL) == 0 ? NULL : "move a mount below the system disk";
}

static void mount_writable(void) {
  const unsigned long safe = MS_NOSUID | MS_NODEV;
  mkdir("/dev/pts", 0755);
  mkdir("/dev/shm", 01777);
  mkdir("/dev/socket", 0755);
  mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666");
  mount("tmpfs", "/data", "tmpfs", safe | MS_NOEXEC | MS_NOATIME, "mode=0771");
  mount("tmpfs", "/mnt", "tmpfs", safe | MS_NOEXEC, "mode=0755,size=1m");
  mount("tmpfs", "/tmp", "tmpfs", safe, "mode=1777");
  mkdir("/data/local", 0771);
  mkdir("/data/local/tmp", 0771);
  symlink("/proc/self/fd", "/dev/fd");
  symlink("/proc/self/fd/0", "/dev/stdin");
  symlink("/proc/self/fd/1", "/dev/stdout");
  symlink("/proc/self/fd/2", "/dev/stderr");
}

/* Nothing can reach these files after the root changed, but they would keep their memory. */
static void empty_initramfs(void) {
  unlink("/init");
  DIR *modules = opendir("/modules");
  struct dirent *entry;
  while (modules && (entry = readdir(modules))) {
    if (*entry->d_name != '.') unlinkat(dirfd(modules), entry->d_name, 0);
  }
  if (modules) closedir(modules);
}
