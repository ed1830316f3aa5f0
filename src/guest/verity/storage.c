#include "storage.h"
#include "../apk/bytes.h"
#include "device-mapper.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512
#define CRYPT_SECTOR 4096
#define UNFORMATTED "UNFORMATTED-STORAGE"
/* With a journal, because a VM is stopped by killing it; less than 8 MiB have no room for one. */
#define FORMATTER "/system/bin/mkfs.ext4"
/* What the disk held before was never this file system's, so nothing has to be erased. */
#define FORMAT_OPTIONS "nodiscard,lazy_itable_init=1,lazy_journal_init=1"

static bool inspect(const char *disk, uint64_t *sectors, bool *formatted);
static const char *open_crypt(const char *disk, uint64_t sectors, const uint8_t key[STORAGE_KEY_SIZE], char path[32]);
static bool format(const char *device);
static bool erase_mark(const char *device);

const char *storage_mount(const char *disk, const uint8_t key[STORAGE_KEY_SIZE], unsigned user) {
  static char why[160];
  uint64_t sectors;
  bool formatted;
  char device[32];
  if (!inspect(disk, &sectors, &formatted)) return "the disk cannot be read";
  const char *error = open_crypt(disk, sectors, key, device);
  if (error) return error;
  if (!formatted && !(format(device) && erase_mark(device))) return "formatting failed";
  mkdir(STORAGE_FOLDER, 0700);
  /* With the key of another VM no file system is found. */
  if (mount(device, STORAGE_FOLDER, "ext4", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, NULL) != 0) {
    snprintf(why, sizeof why, "no file system under this VM's key: %s", strerror(errno));
    rmdir(STORAGE_FOLDER);
    return why;
  }
  if (chown(STORAGE_FOLDER, user, user) != 0 || chmod(STORAGE_FOLDER, 0770) != 0) return strerror(errno);
  return NULL;
}

static bool inspect(const char *disk, uint64_t *sectors, bool *formatted) {
  char head[sizeof UNFORMATTED - 1];
  uint64_t size;
  int fd = open(disk, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool read = ioctl(fd, BLKGETSIZE64, &size) == 0 && read_exactly(fd, head, sizeof head, 0);
  close(fd);
  *sectors = size / CRYPT_SECTOR * (CRYPT_SECTOR / SECTOR);
  *formatted = read && memcmp(head, UNFORMATTED, sizeof head) != 0;
  return read && *sectors > 0;
}

static const char *open_crypt(const char *disk, uint64_t sectors, const uint8_t key[STORAGE_KEY_SIZE], char path[32]) {
  char hex[2 * STORAGE_KEY_SIZE + 1], parameters[256];
  for (int i = 0; i < STORAGE_KEY_SIZE; i++) sprintf(hex + 2 * i, "%02x", key[i]);
  snprintf(parameters, sizeof parameters, "aes-xts-plain64 %s 0 %s 0 2 allow_discards sector_size:%d", hex, disk,
           CRYPT_SECTOR);
  const struct dm_target target = {0, sectors, "crypt", parameters};
  const char *error = dm_create("encryptedstore", &target, 1, false, path);
  explicit_bzero(hex, sizeof hex);
  explicit_bzero(parameters, sizeof parameters);
  return error;
}

static bool format(const char *device) {
  static const char *const environment[] = {"PATH=/system/bin", NULL};
  const char *const argv[] = {FORMATTER, "-q", "-F", "-m", "0", "-b", "4096", "-E", FORMAT_OPTIONS, device, NULL};
  pid_t pid = fork();
  if (pid < 0) return false;
  if (pid == 0) {
    int nowhere = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(nowhere, fd);
    execve(FORMATTER, (char *const *)argv, (char *const *)environment);
    _exit(127);
  }
  int status;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The mark is where a file system leaves room for a boot loader, so that formatting does not touch it. It is written last:
 * a VM that is ended while it formats the disk will format it again. */
static bool erase_mark(const char *device) {
  static const char zeros[SECTOR];
  int fd = open(device, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool written = pwrite(fd, zeros, sizeof zeros, 0) == sizeof zeros && fsync(fd) == 0;
  close(fd);
  return written;
}
