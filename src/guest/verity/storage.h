/* Encrypted storage: a file system on dm-crypt, with a key that only this VM can derive (encryptedstore). */
#ifndef GUEST_STORAGE_H
#define GUEST_STORAGE_H
#include <stdint.h>

#define STORAGE_KEY_SIZE 64
#define STORAGE_FOLDER "/mnt/encryptedstore"

/* Opens the disk, formats it when it never was, and mounts it for the user. Returns NULL, or what failed. */
const char *storage_mount(const char *disk, const uint8_t key[STORAGE_KEY_SIZE], unsigned user);
#endif
