/* The instance image: what a VM remembers from boot to boot, sealed (virtualizationmanager/src/aidl.rs writes its head,
 * microdroid_manager/src/instance.rs its content). */
#ifndef GUEST_INSTANCE_IMAGE_H
#define GUEST_INSTANCE_IMAGE_H
#include "../crypto/aes-gcm.h"
#include <stddef.h>
#include <stdint.h>

#define INSTANCE_MAX_DATA 8192

enum instance_result {
  INSTANCE_OK,
  /* No earlier boot wrote an entry. */
  INSTANCE_EMPTY,
  /* Truncated, corrupt, or sealed by another VM. */
  INSTANCE_DAMAGED,
  /* The disk itself failed; errno tells how. */
  INSTANCE_FAILED,
};

/* Reads and unseals the entry of this system. `data` holds INSTANCE_MAX_DATA bytes. */
enum instance_result instance_read(int fd, const uint8_t key[GCM_KEY_SIZE], uint8_t *data, size_t *size);
/* Seals and writes the entry, and waits until it is on the disk. Replaces none: an image is written once. */
enum instance_result instance_write(int fd, const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE],
                                    const uint8_t *data, size_t size);
#endif
