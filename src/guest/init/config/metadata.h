/* What the host tells this VM about its payload: the `metadata` disk. */
#ifndef GUEST_METADATA_H
#define GUEST_METADATA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_EXTRA_APKS 16

struct metadata {
  char name[128];
  /* Android release whose rules the host follows: 13 or 15. */
  int release;
  /* One of the two is set. */
  char config_path[256];
  char payload_binary_name[256];
  uint64_t apk_size;
  uint64_t idsig_size;
  int extra_apk_count;
  uint64_t extra_apk_size[MAX_EXTRA_APKS];
  uint64_t extra_idsig_size[MAX_EXTRA_APKS];
  int64_t epoch_seconds;
  uint8_t entropy[32];
  bool has_entropy;
  /* Tells this VM from others of the same payload, where the host gives out such ids (LLPVM). */
  uint8_t instance_id[64];
  size_t instance_id_size;
  /* A secret of the device, with which instance images are sealed; all zeros when the host has none. */
  uint8_t device_secret[32];
};

/* Reads the disk. Returns NULL, or what is wrong with it. */
const char *metadata_read(const char *disk, struct metadata *metadata);
/* The same for text that was read already; it is taken apart in place. */
const char *metadata_parse(char *text, struct metadata *metadata);
#endif
