#include "load-config.h"
#include "../../crypto/sha2.h"
#include "../failure.h"
#include "../log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define APK_FOLDER "/mnt/apk"
#define MAX_SIZE (256 * 1024)

static size_t read_config(const char *path, char text[MAX_SIZE]);
static void measure(const char *kind, const char *name, const char *text, size_t size, uint8_t hash[32]);
static void tell_of_no_effect(const struct payload_config *config);

void load_config(const struct metadata *metadata, struct payload_config *config, uint8_t hash[32]) {
  static char text[MAX_SIZE];
  if (*metadata->payload_binary_name) {
    config_of_binary(metadata->payload_binary_name, config);
    measure("binary", metadata->payload_binary_name, "", 0, hash);
    return;
  }
  char path[sizeof metadata->config_path + sizeof APK_FOLDER + 1];
  snprintf(path, sizeof path, APK_FOLDER "/%s", metadata->config_path);
  log_mark("loading config from \"%s\"...", path);
  size_t size = read_config(path, text);
  const char *error = config_parse(text, size, metadata->release, config);
  if (error) fail(FAILURE_PAYLOAD_INVALID_CONFIG, "Invalid payload config %s: %s", path, error);
  if (config->extra_apk_count != metadata->extra_apk_count)
    fail(FAILURE_PAYLOAD_INVALID_CONFIG, "%s names %d extra APKs, the host gave %d", path, config->extra_apk_count,
         metadata->extra_apk_count);
  tell_of_no_effect(config);
  measure("config", metadata->config_path, text, size, hash);
  static char whole_path[sizeof path];
  memcpy(whole_path, path, sizeof path);
  config->path = whole_path;
}

static size_t read_config(const char *path, char text[MAX_SIZE]) {
  /* A path that leads out of the APK could name a file that nobody verified. */
  int fd = strstr(path, "..") ? (errno = EPERM, -1) : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) fail(FAILURE_PAYLOAD_INVALID_CONFIG, "Failed to read config from %s: %s", path, strerror(errno));
  size_t size = 0;
  ssize_t got = 0;
  while (size < MAX_SIZE && (got = read(fd, text + size, MAX_SIZE - size)) > 0) size += (size_t)got;
  int error = errno;
  close(fd);
  if (got < 0) fail(FAILURE_PAYLOAD_VERIFICATION, "Failed to read config from %s: %s", path, strerror(error));
  if (size == MAX_SIZE) fail(FAILURE_PAYLOAD_INVALID_CONFIG, "%s is too long", path);
  return size;
}

static void measure(const char *kind, const char *name, const char *text, size_t size, uint8_t hash[32]) {
  struct sha2_state state;
  sha2_start(&state, SHA_256);
  /* With their NULs, so that no two inputs have the same hash. */
  sha2_add(&state, kind, strlen(kind) + 1);
  sha2_add(&state, name, strlen(name) + 1);
  sha2_add(&state, text, size);
  sha2_end(&state, hash);
}

/* Logs what Microdroid would do and this guest cannot; the payload runs nevertheless. */
static void tell_of_no_effect(const struct payload_config *config) {
  static const char because[] = "of the payload config has no effect on the emulated device";
  if (config->wants_apexes) log_error("`apexes` %s: it has no APEXes for VMs", because);
  if (config->wants_authfs) log_error("`enable_authfs` %s: it serves no files by authfs", because);
  if (config->wants_hugepages) log_error("`hugepages` %s", because);
}
