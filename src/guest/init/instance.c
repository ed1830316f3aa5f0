#include "instance.h"
#include "failure.h"
#include "log.h"
#include <errno.h>
#include <string.h>

void instance_load(const char *disk, const struct metadata *metadata, struct instance *instance) {
  memset(instance, 0, sizeof *instance);
  identity_sealing_key(metadata->device_secret, metadata->instance_id, metadata->instance_id_size, instance->key);
  switch (identity_load(disk, instance->key, &instance->identity)) {
  case IDENTITY_FIRST_BOOT:
    instance->first_boot = true;
    return;
  case IDENTITY_KNOWN:
    return;
  case IDENTITY_DAMAGED:
    fail(FAILURE_PAYLOAD_CHANGED, "The instance image is damaged, or belongs to another VM");
  case IDENTITY_FAILED:
    fail(FAILURE_UNKNOWN, "Failed to read the instance image: %s", strerror(errno));
  }
}

bool instance_knows_apks(const struct instance *instance) {
  const struct measurement *saved = &instance->identity.measurement;
  const struct measurement *now = &instance->measured;
  if (instance->first_boot || saved->apk_count != now->apk_count) return false;
  for (uint32_t i = 0; i < now->apk_count; i++) {
    if (memcmp(saved->apks[i].root_hash, now->apks[i].root_hash, sizeof now->apks[i].root_hash) != 0) return false;
  }
  return true;
}

void instance_settle(const char *disk, struct instance *instance) {
  if (instance->first_boot) {
    log_info("Saving verified data.");
    const char *error = identity_create(disk, instance->key, &instance->measured, &instance->identity);
    if (error) fail(FAILURE_UNKNOWN, "Failed to write the instance image: %s", error);
  } else {
    const char *difference = identity_difference(&instance->identity.measurement, &instance->measured);
    if (difference)
      fail(FAILURE_PAYLOAD_CHANGED, "Detected an update of the payload which isn't supported yet: %s", difference);
    log_info("Saved data is verified.");
  }
  explicit_bzero(instance->key, sizeof instance->key);
}
