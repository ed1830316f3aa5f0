#include "apk-verity.h"
#include "device-mapper.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLOCK 4096
#define SECTOR 512

static const char *pad_data(const char *name, const char *disk, uint64_t blocks, char path[32]);
static const char *open_verity(const char *name, const char *data, const char *hashes, uint64_t blocks,
                               struct verified_apk *apk);
static const char *check_signature(uint64_t apk_size, int release, struct verified_apk *apk);
static void write_hex(char *to, const uint8_t *bytes, size_t size);

const char *apk_verity_open(const char *name, const char *apk_disk, uint64_t apk_size, const char *idsig_disk,
                            uint64_t idsig_size, int release, struct verified_apk *apk) {
  memset(apk, 0, sizeof *apk);
  int idsig = open(idsig_disk, O_RDONLY | O_CLOEXEC);
  if (idsig < 0) return strerror(errno);
  const char *error = idsig_read(idsig, idsig_size, apk_size, &apk->idsig);
  close(idsig);
  if (error) return error;
  uint64_t blocks = (apk_size + BLOCK - 1) / BLOCK;
  char data[32], hashes[32];
  if ((error = pad_data(name, apk_disk, blocks, data))) return error;
  /* An APK of one block has no tree: the device that is given instead is never read. */
  if (apk->idsig.tree_size == 0) snprintf(hashes, sizeof hashes, "%s", data);
  else if ((error = loop_attach(idsig_disk, apk->idsig.tree_offset, apk->idsig.tree_size, hashes))) return error;
  if ((error = open_verity(name, data, hashes, blocks, apk))) return error;
  return check_signature(apk_size, release, apk);
}

const char *apk_verity_check_content(const struct verified_apk *apk) {
  int fd = open(apk->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return strerror(errno);
  const char *error = apk_signature_check_content(fd, &apk->signature);
  close(fd);
  return error;
}

const char *apk_verity_read_manifest(const struct verified_apk *apk, struct manifest *manifest) {
  int fd = open(apk->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return strerror(errno);
  const char *error = manifest_read(fd, apk->signature.sections.size, manifest);
  close(fd);
  return error;
}

/* dm-verity needs whole blocks, a disk has whole sectors: the rest is padded with zeros. */
static const char *pad_data(const char *name, const char *disk, uint64_t blocks, char path[32]) {
  uint64_t size;
  int fd = open(disk, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return strerror(errno);
  int result = ioctl(fd, BLKGETSIZE64, &size);
  close(fd);
  uint64_t wanted = blocks * (BLOCK / SECTOR);
  uint64_t present = size / SECTOR;
  if (result != 0) return strerror(errno);
  if (present >= wanted) {
    snprintf(path, 32, "%s", disk);
    return NULL;
  }
  if (present + BLOCK / SECTOR <= wanted) return "the APK's disk is smaller than the APK";
  char padded_name[64], parameters[64];
  snprintf(padded_name, sizeof padded_name, "%s-data", name);
  snprintf(parameters, sizeof parameters, "%s 0", disk);
  const struct dm_target targets[] = {{0, present, "linear", parameters}, {present, wanted - present, "zero", ""}};
  return dm_create(padded_name, targets, 2, true, path);
}

static const char *open_verity(const char *name, const char *data, const char *hashes, uint64_t blocks,
                               struct verified_apk *apk) {
  char root[2 * 32 + 1], salt[2 * IDSIG_MAX_SALT + 1] = "-", parameters[512];
  write_hex(root, apk->idsig.root_hash, sizeof apk->idsig.root_hash);
  if (apk->idsig.salt_size > 0) write_hex(salt, apk->idsig.salt, apk->idsig.salt_size);
  snprintf(parameters, sizeof parameters, "1 %s %s %d %d %llu 0 sha256 %s %s", data, hashes, BLOCK, BLOCK,
           (unsigned long long)blocks, root, salt);
  const struct dm_target target = {0, blocks * (BLOCK / SECTOR), "verity", parameters};
  return dm_create(name, &target, 1, true, apk->path);
}

/* The idsig has to be the one that was made for this APK: it repeats the digest of the APK's own signature. */
static const char *check_signature(uint64_t apk_size, int release, struct verified_apk *apk) {
  int fd = open(apk->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return strerror(errno);
  uint32_t sdk = release == 13 ? 33 : (uint32_t)release + 20;
  const char *error = apk_signature_read(fd, apk_size, sdk, &apk->signature);
  close(fd);
  if (error) return error;
  /* Android 13 leaves the digest out. */
  if (apk->idsig.apk_digest_size == 0 && release == 13) return NULL;
  if (apk->idsig.apk_digest_size != content_digest_size(apk->signature.digest_kind) ||
      memcmp(apk->idsig.apk_digest, apk->signature.digest, apk->idsig.apk_digest_size) != 0)
    return "the idsig was made for another APK: digests differ";
  return NULL;
}

static void write_hex(char *to, const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) sprintf(to + 2 * i, "%02x", bytes[i]);
}
