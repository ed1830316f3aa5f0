/* First process of a VM, and what microdroid_manager is in Android (microdroid_manager/src/main.rs): boots the machine,
 * checks and mounts the payload, runs it, tells the host, powers off. */
#include "../properties/store.h"
#include "../services/adbd.h"
#include "../services/crash-reports.h"
#include "../services/logd.h"
#include "../verity/storage.h"
#include "config/cmdline.h"
#include "config/config.h"
#include "machine/disks.h"
#include "failure.h"
#include "instance.h"
#include "config/load-config.h"
#include "log.h"
#include "machine/machine.h"
#include "config/metadata.h"
#include "machine/modules.h"
#include "machine/mounts.h"
#include "payload/payload.h"
#include "machine/poweroff.h"
#include "payload/process-name.h"
#include "payload/properties.h"
#include "template.h"
#include "payload/verified-payload.h"
#include "vmservice.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INITRAMFS_MODULES "/modules"
#define SYSTEM_MODULES "/system/lib/modules"
/* All disks appear as soon as their driver is loaded; the rest of the time is for a slow or busy machine. */
#define DISK_TIMEOUT_MS 10000

static bool enabled(const char *parameter);
static void load_drivers(void);
static void find_devices(void);
static void open_system(void);
static void load_modules(const char *folder, const char *group);
static void find_disk(const char *serial, char path[32]);
static void load_metadata(struct metadata *metadata);
static void connect_host(int release);
static void open_payload(const struct metadata *metadata, struct instance *instance, struct payload_config *config);
static void mount_storage(const struct identity *identity);
static void complete_boot(void);
static _Noreturn void finish(int exit_code);

int main(int argc, char **argv) {
  process_name_area(argc, argv);
  process_name("init");
  fail_on_crash();
  signal(SIGPIPE, SIG_IGN);
  mount_early();
  load_drivers();
  find_devices();
  bool debuggable = enabled("androidboot.microdroid.debuggable");
  bool adb = enabled("androidboot.adb.enabled");
  bool copied = enabled("avf.template");
  log_open(debuggable);
  if (!copied) log_mark("started.");
  open_system();
  logd_start();
  crash_reports_start();
  if (adb) adbd_start();
  if (copied) {
    adbd_wait();
    bool resumed = template_wait();
    log_mark("started.");
    if (resumed) log_mark("resumed from a template");
  }

  struct metadata metadata;
  load_metadata(&metadata);
  connect_host(metadata.release);
  properties_init(metadata.release, debuggable, adb);

  struct instance instance;
  struct payload_config config;
  open_payload(&metadata, &instance, &config);
  mount_storage(&instance.identity);
  crash_reports_export(config.export_tombstones == CHOICE_DEFAULT ? debuggable
                                                                  : config.export_tombstones == CHOICE_YES);
  complete_boot();
  const struct payload_context context = {&instance.identity, &config, instance.first_boot};
  finish(payload_run(&config, metadata.release, &context));
}

static bool enabled(const char *parameter) {
  const char *value = kernel_parameter(parameter);
  return value && strcmp(value, "1") == 0;
}

/* Whatever can be loaded before a device is looked at. */
static void load_drivers(void) {
  /* First, because anything may fail from here on: it reports a kernel panic to the VMM. */
  load_modules(INITRAMFS_MODULES, "panic");
  load_modules(INITRAMFS_MODULES, "virtio");
  load_modules(INITRAMFS_MODULES, "disks-and-consoles");
  load_modules(INITRAMFS_MODULES, "vsock");
  load_modules(INITRAMFS_MODULES, "verity");
  load_modules(INITRAMFS_MODULES, "fuse");
}

static void find_devices(void) {
  load_modules(INITRAMFS_MODULES, "virtio-mmio");
  /* crosvm has its devices on a PCI bus, QEMU's microvm has no such bus. */
  if (access("/sys/bus/pci/devices/0000:00:00.0", F_OK) != 0) return;
  load_modules(INITRAMFS_MODULES, "panic-pci");
  load_modules(INITRAMFS_MODULES, "virtio-pci");
}

/* What is the same for all VMs with disks of these names. */
static void open_system(void) {
  char disk[32];
  find_disk("system", disk);
  const char *error = mount_system(disk);
  if (error) fail(FAILURE_UNKNOWN, "%s", error);
  disks_link();
  machine_start_network("microdroid");
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
  const char *error = vmservice_connect(release);
  if (error) fail(FAILURE_NO_SERVICE, "Failed to connect to VirtualMachineService: %s", error);
}

/* Verifies and mounts the APKs, reads the payload's config, and compares all of it with what the VM remembers. */
static void open_payload(const struct metadata *metadata, struct instance *instance, struct payload_config *config) {
  static struct verified_payload payload;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  char disk[32];
  find_disk("vm-instance", disk);
  instance_load(disk, metadata, instance);
  verified_payload_open(metadata, &payload);
  verified_payload_measure(&payload, &instance->measured);
  /* Whole APKs are read only if their root hashes are not known from an earlier boot. */
  if (!instance_knows_apks(instance)) verified_payload_check_contents(&payload);
  verified_payload_read_manifests(&payload, &instance->measured);
  clock_gettime(CLOCK_MONOTONIC, &end);
  log_info("payload verification successful. took %ld ms",
           (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000);
  verified_payload_mount(metadata, &payload);
  load_config(metadata, config, instance->measured.config_hash);
  instance_settle(disk, instance);
}

static void mount_storage(const struct identity *identity) {
  char disk[32];
  uint8_t key[STORAGE_KEY_SIZE];
  if (!disk_find("encryptedstore", disk, 0)) return;
  load_modules(SYSTEM_MODULES, "storage");
  identity_derive(identity, "encryptedstore", NULL, 0, key, sizeof key);
  const char *error = storage_mount(disk, key, PAYLOAD_USER);
  explicit_bzero(key, sizeof key);
  if (error) fail(FAILURE_UNKNOWN, "Unable to prepare encrypted storage: %s", error);
}

/* The payload runs on a machine whose services are up. */
static void complete_boot(void) {
  adbd_wait();
  const char *error = property_set("dev.bootcomplete", "1");
  if (error) fail(FAILURE_UNKNOWN, "Failed to set dev.bootcomplete: %s", error);
}

static _Noreturn void finish(int exit_code) {
  if (exit_code == 0) log_mark("task successfully finished");
  else log_mark("task exited with exit code: %d", exit_code);
  sync();
  log_mark("notifying payload finished");
  vmservice_finished(exit_code);
  log_mark("Shutting down...");
  power_off();
}
