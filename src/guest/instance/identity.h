/* Who a VM is: what was measured when it first booted, and a secret that it made then and keeps. */
#ifndef GUEST_IDENTITY_H
#define GUEST_IDENTITY_H
#include "../apk/manifest.h"
#include <stddef.h>
#include <stdint.h>

#define IDENTITY_MAX_APKS 17
#define IDENTITY_SECRET_SIZE 32

/* One measured APK. */
struct measured_apk {
  uint8_t root_hash[32];
  uint8_t signer[64];
  struct manifest manifest;
};

struct measurement {
  /* The payload's own, then the extra ones. */
  uint32_t apk_count;
  struct measured_apk apks[IDENTITY_MAX_APKS];
  /* SHA-256 of what selects the payload to run: the name of the library, or path and text of its configuration. */
  uint8_t config_hash[32];
};

struct identity {
  struct measurement measurement;
  uint8_t secret[IDENTITY_SECRET_SIZE];
};

enum identity_state {
  IDENTITY_FIRST_BOOT,
  IDENTITY_KNOWN,
  /* The image is damaged, or another VM's. */
  IDENTITY_DAMAGED,
  IDENTITY_FAILED,
};

/* Key that seals the instance image of the VM with this id on this device. */
void identity_sealing_key(const uint8_t device_secret[32], const uint8_t *instance_id, size_t id_size, uint8_t key[32]);
/* Reads what an earlier boot left on the instance disk. */
enum identity_state identity_load(const char *disk, const uint8_t key[32], struct identity *identity);
/* Makes a secret for this VM and writes it with the measurement. Returns NULL, or what failed. */
const char *identity_create(const char *disk, const uint8_t key[32], const struct measurement *measurement,
                            struct identity *identity);
/* NULL when both are the same, else what differs, in a text that the next call writes over. */
const char *identity_difference(const struct measurement *saved, const struct measurement *now);
/* Bytes that only this VM can derive, different for each purpose. */
void identity_derive(const struct identity *identity, const char *purpose, const void *context, size_t context_size,
                     uint8_t *output, size_t output_size);
#endif
