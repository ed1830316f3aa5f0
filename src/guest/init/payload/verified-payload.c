#include "verified-payload.h"
#include "../../apk/zip/zipfuse.h"
#include "../machine/disks.h"
#include "../failure.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DISK_TIMEOUT_MS 10000
/* The words that Android's log has, too. */
#define VERIFICATION_FAILED "Payload verification failed: "

static void open_apk(const char *name, const char *apk_serial, const char *idsig_serial, uint64_t apk_size,
                     uint64_t idsig_size, int release, struct verified_apk *apk);
static void mount_apk(const struct verified_apk *apk, uint64_t size, const char *folder);

void verified_payload_open(const struct metadata *metadata, struct verified_payload *payload) {
  open_apk("microdroid-apk", "microdroid-apk", "microdroid-apk-idsig", metadata->apk_size, metadata->idsig_size,
           metadata->release, &payload->apks[0]);
  for (int i = 0; i < metadata->extra_apk_count; i++) {
    char name[32], idsig[32];
    snprintf(name, sizeof name, "extra-apk-%d", i);
    snprintf(idsig, sizeof idsig, "extra-idsig-%d", i);
    open_apk(name, name, idsig, metadata->extra_apk_size[i], metadata->extra_idsig_size[i], metadata->release,
             &payload->apks[1 + i]);
  }
  payload->count = 1 + metadata->extra_apk_count;
}

void verified_payload_check_contents(const struct verified_payload *payload) {
  for (int i = 0; i < payload->count; i++) {
    const char *error = apk_verity_check_content(&payload->apks[i]);
    if (error) fail(FAILURE_PAYLOAD_VERIFICATION, VERIFICATION_FAILED "%s: %s", i ? "an extra APK" : "the APK", error);
  }
}

void verified_payload_mount(const struct metadata *metadata, const struct verified_payload *payload) {
  mount_apk(&payload->apks[0], metadata->apk_size, "/mnt/apk");
  if (metadata->extra_apk_count > 0) mkdir("/mnt/extra-apk", 0755);
  for (int i = 0; i < metadata->extra_apk_count; i++) {
    char folder[32];
    snprintf(folder, sizeof folder, "/mnt/extra-apk/%d", i);
    mount_apk(&payload->apks[1 + i], metadata->extra_apk_size[i], folder);
  }
}

void verified_payload_measure(const struct verified_payload *payload, struct measurement *measurement) {
  measurement->apk_count = (uint32_t)payload->count;
  for (int i = 0; i < payload->count; i++) {
    struct measured_apk *measured = &measurement->apks[i];
    memcpy(measured->root_hash, payload->apks[i].idsig.root_hash, sizeof measured->root_hash);
    memcpy(measured->signer, payload->apks[i].signature.signer, sizeof measured->signer);
  }
}

void verified_payload_read_manifests(const struct verified_payload *payload, struct measurement *measurement) {
  for (int i = 0; i < payload->count; i++) {
    const char *error = apk_verity_read_manifest(&payload->apks[i], &measurement->apks[i].manifest);
    if (error) fail(FAILURE_PAYLOAD_VERIFICATION, VERIFICATION_FAILED "%s", error);
  }
}

static void open_apk(const char *name, const char *apk_serial, const char *idsig_serial, uint64_t apk_size,
                     uint64_t idsig_size, int release, struct verified_apk *apk) {
  char apk_disk[32], idsig_disk[32];
  if (!disk_find(apk_serial, apk_disk, DISK_TIMEOUT_MS) || !disk_find(idsig_serial, idsig_disk, DISK_TIMEOUT_MS))
    fail(FAILURE_PAYLOAD_VERIFICATION, VERIFICATION_FAILED "The disks of %s did not appear", name);
  const char *error = apk_verity_open(name, apk_disk, apk_size, idsig_disk, idsig_size, release, apk);
  if (error) fail(FAILURE_PAYLOAD_VERIFICATION, VERIFICATION_FAILED "%s: %s", name, error);
}

static void mount_apk(const struct verified_apk *apk, uint64_t size, const char *folder) {
  const char *error = zipfuse_mount(apk->path, size, folder);
  if (error) fail(FAILURE_PAYLOAD_VERIFICATION, "%s", error);
}
