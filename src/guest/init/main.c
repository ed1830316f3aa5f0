/* First process of a VM, and what microdroid_manager is in Android (microdroid_manager/src/main.rs): boots the machine,
 * mounts the payload, runs it, tells the host, powers off. */
#include "../apk/zipfuse.h"
#include "../verity/apk-verity.h"
#include "cmdline.h"
#include "config.h"
#include "disks.h"
#include "failure.h"
#include "log.h"
#include "machine.h"
#include "metadata.h"
#include "modules.h"
#include "mounts.h"
#include "payload.h"
#include "poweroff.h"
#include "process-name.h"
#include "properties.h"
#include "vmservice.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SYSTEM_MODULES "/system/lib/modules"
#define APK_FOLDER "/mnt/apk"
/* All disks are there when their driver has loaded; the rest is for a slow or a crowded machine. */
#define DISK_TIMEOUT_MS 10000
#define MAX_CONFIG_SIZE (256 * 1024)

static bool enabled(const char *parameter);
static void load_drivers(void);
static void load_modules(const char *folder, const char *group);
static void find_disk(const char *serial, char path[32]);
static void load_metadata(struct metadata *metadata);
static void connect_host(int release);
static void verify_payload(const struct metadata *metadata, struct verified_apk *apk);
static void open_verified(const char *name, const char *apk_serial, const char *idsig_serial, uint64_t apk_size,
                          uint64_t idsig_size, int release, struct verified_apk *apk);
static void mount_apk(const struct metadata *metadata, const struct verified_apk *apk);
static void load_config(const struct metadata *metadata, struct payload_config *config);
static void finish(int exit_code);

int main(int argc, char **argv) {
  (void)argc;
  process_name_area(argv);
  process_name("init");
  fail_on_crash();
  signal(SIGPIPE, SIG_IGN);
  mount_early();
  load_drivers();
  bool debuggable = enabled("androidboot.microdroid.debuggable");
  bool adb = enabled("androidboot.adb.enabled");
  log_open(debuggable);
  log_mark("started.");

  char system[32];
  find_disk("system", system);
  const char *error = mount_system(system);
  if (error) fail(FAILURE_UNKNOWN, "%s", error);
  struct metadata metadata;
  load_metadata(&metadata);
  connect_host(metadata.release);
  machine_start_network("microdroid");
  properties_init(metadata.release, debuggable, adb);

  struct verified_apk apk;
  verify_payload(&metadata, &apk);
  mount_apk(&metadata, &apk);
  struct payload_config config;
  load_config(&metadata, &config);
  finish(payload_run(&config, metadata.release, adb));
}

static bool enabled(const char *parameter) {
  const char *value = kernel_parameter(parameter);
  return value && strcmp(value, "1") == 0;
}

static void load_drivers(void) {
  load_modules("/modules", "virtio");
  /* crosvm has its devices on a PCI bus, QEMU's microvm has no such bus. */
  if (access("/sys/bus/pci/devices/0000:00:00.0", F_OK) == 0) load_modules("/modules", "virtio-pci");
  load_modules("/modules", "disks-and-consoles");
}

static void load_modules(const char *folder, const char *group) {
  char failed[64];
  if (!modules_load(folder, group, failed))
    fail(FAILURE_UNKNOWN, "Failed to load the kernel module %s: %s", failed, strerror(errno));
}

static void find_disk(const char *serial, char path[32]) {
  if (!disk_find(serial, path, DISK_TIMEOUT_MS)) fail(FAILURE_UNKNOWN, "The disk `%s` did not appear", serial);
}

static void load_metadata(struct metadata *metadata) {
  log_mark("loading payload metadata...");
  char disk[32];
  find_disk("metadata", disk);
  const char *error = metadata_read(disk, metadata);
  if (error) fail(FAILURE_PAYLOAD_INVALID_CONFIG, "Failed to load payload metadata: %s", error);
  machine_set_clock(metadata->epoch_seconds);
  if (metadata->has_entropy) machine_add_entropy(metadata->entropy, sizeof metadata->entropy);
  explicit_bzero(metadata->entropy, sizeof metadata->entropy);
}

static void connect_host(int release) {
  load_modules(SYSTEM_MODULES, "vsock");
  const char *error = vmservice_connect(release);
  if (error) fail(FAILURE_NO_SERVICE, "Failed to connect to VirtualMachineService: %s", error);
}

/* The payload is read from checked devices only. */
static void verify_payload(const struct metadata *metadata, struct verified_apk *apk) {
  load_modules(SYSTEM_MODULES, "verity");
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  open_verified("microdroid-apk", "microdroid-apk", "microdroid-apk-idsig", metadata->apk_size, metadata->idsig_size,
                metadata->release, apk);
  const char *error = apk_verity_check_content(apk);
  if (error) fail(FAILURE_PAYLOAD_VERIFICATION, "Failed to verify the APK: %s", error);
  clock_gettime(CLOCK_MONOTONIC, &end);
  log_info("payload verification successful. took %ld ms",
           (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000);
}

static void open_verified(const char *name, const char *apk_serial, const char *idsig_serial, uint64_t apk_size,
                          uint64_t idsig_size, int release, struct verified_apk *apk) {
  char apk_disk[32], idsig_disk[32];
  find_disk(apk_serial, apk_disk);
  find_disk(idsig_serial, idsig_disk);
  const char *error = apk_verity_open(name, apk_disk, apk_size, idsig_disk, idsig_size, release, apk);
  if (error) fail(FAILURE_PAYLOAD_VERIFICATION, "Failed to verify %s: %s", name, error);
}

static void mount_apk(const struct metadata *metadata, const struct verified_apk *apk) {
  load_modules(SYSTEM_MODULES, "fuse");
  const char *error = zipfuse_mount(apk->path, metadata->apk_size, APK_FOLDER);
  if (error) fail(FAILURE_PAYLOAD_VERIFICATION, "%s", error);
}

static void load_config(const struct metadata *metadata, struct payload_config *config) {
  if (*metadata->payload_binary_name) {
    config_of_binary(metadata->payload_binary_name, config);
    return;
  }
  static char text[MAX_CONFIG_SIZE];
  char path[512] = APK_FOLDER "/";
  strcat(path, metadata->config_path);
  log_mark("loading config from \"%s\"...", path);
  int fd = strstr(metadata->config_path, "..") ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) fail(FAILURE_PAYLOAD_INVALID_CONFIG, "Failed to read config from %s: %s", path, strerror(errno));
  size_t size = 0;
  ssize_t got;
  while (size < sizeof text && (got = read(fd, text + size, sizeof text - size)) > 0) size += (size_t)got;
  close(fd);
  if (size == sizeof text) fail(FAILURE_PAYLOAD_INVALID_CONFIG, "%s is too long", path);
  const char *error = config_parse(text, size, metadata->release, config);
  if (error) fail(FAILURE_PAYLOAD_INVALID_CONFIG, "Invalid payload config %s: %s", path, error);
}

static void finish(int exit_code) {
  if (exit_code == 0) log_mark("task successfully finished");
  else log_mark("task exited with exit code: %d", exit_code);
  sync();
  log_mark("notifying payload finished");
  vmservice_finished(exit_code);
  log_mark("Shutting down...");
  power_off();
}
