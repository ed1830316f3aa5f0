#include "identity.h"
#include "../crypto/kdf.h"
#include "cbor.h"
#include "instance-image.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define VERSION 2

static const char *apk_difference(const struct measured_apk *saved, const struct measured_apk *now);
static void write_identity(struct cbor_writer *writer, const struct identity *identity);
static bool read_identity(struct cbor_reader *reader, struct identity *identity);

void identity_sealing_key(const uint8_t device_secret[32], const uint8_t *instance_id, size_t id_size, uint8_t key[32]) {
  static const char info[] = "microdroid instance image";
  hkdf_sha256(device_secret, 32, instance_id, id_size, info, sizeof info - 1, key, 32);
}

enum identity_state identity_load(const char *disk, const uint8_t key[32], struct identity *identity) {
  static uint8_t data[INSTANCE_MAX_DATA];
  size_t size;
  int fd = open(disk, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return IDENTITY_FAILED;
  enum instance_result result = instance_read(fd, key, data, &size);
  close(fd);
  if (result == INSTANCE_EMPTY) return IDENTITY_FIRST_BOOT;
  if (result != INSTANCE_OK) return result == INSTANCE_DAMAGED ? IDENTITY_DAMAGED : IDENTITY_FAILED;
  struct cbor_reader reader = {data, data + size};
  bool read = read_identity(&reader, identity) && reader.at == reader.end;
  explicit_bzero(data, sizeof data);
  return read ? IDENTITY_KNOWN : IDENTITY_DAMAGED;
}

const char *identity_create(const char *disk, const uint8_t key[32], const struct measurement *measurement,
                            struct identity *identity) {
  static uint8_t data[INSTANCE_MAX_DATA];
  uint8_t nonce[GCM_NONCE_SIZE];
  identity->measurement = *measurement;
  if (getrandom(identity->secret, sizeof identity->secret, 0) != sizeof identity->secret ||
      getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
    return strerror(errno);
  struct cbor_writer writer = {.data = data, .capacity = sizeof data};
  write_identity(&writer, identity);
  if (writer.overflow) return "too many extra APKs";
  int fd = open(disk, O_RDWR | O_CLOEXEC);
  enum instance_result result = fd < 0 ? INSTANCE_FAILED : instance_write(fd, key, nonce, data, writer.size);
  int error = errno;
  if (fd >= 0) close(fd);
  explicit_bzero(data, sizeof data);
  if (result == INSTANCE_OK) return NULL;
  return result == INSTANCE_DAMAGED ? "the instance image is damaged" : strerror(error);
}

const char *identity_difference(const struct measurement *saved, const struct measurement *now) {
  if (saved->apk_count != now->apk_count) return "there are not as many extra APKs as at the first boot";
  for (uint32_t i = 0; i < now->apk_count; i++) {
    const char *difference = apk_difference(&saved->apks[i], &now->apks[i]);
    if (difference) return difference;
  }
  if (memcmp(saved->config_hash, now->config_hash, sizeof now->config_hash) != 0)
    return "the payload config is not the one of the first boot";
  return NULL;
}

void identity_derive(const struct identity *identity, const char *purpose, const void *context, size_t context_size,
                     uint8_t *output, size_t output_size) {
  hkdf_sha256(identity->secret, sizeof identity->secret, (const uint8_t *)purpose, strlen(purpose), context, context_size,
              output, output_size);
}

static const char *apk_difference(const struct measured_apk *saved, const struct measured_apk *now) {
  static char text[2 * MANIFEST_MAX_NAME + 80];
  const char *name = now->manifest.package_name;
  if (strcmp(saved->manifest.package_name, name) != 0)
    snprintf(text, sizeof text, "the package %s takes the place of %s", name, saved->manifest.package_name);
  else if (memcmp(saved->signer, now->signer, sizeof now->signer) != 0)
    snprintf(text, sizeof text, "%s was signed by somebody else", name);
  else if (saved->manifest.version != now->manifest.version)
    snprintf(text, sizeof text, "%s went %s from version %llu to version %llu", name,
             now->manifest.version < saved->manifest.version ? "down" : "up", (unsigned long long)saved->manifest.version,
             (unsigned long long)now->manifest.version);
  else if (memcmp(saved->root_hash, now->root_hash, sizeof now->root_hash) != 0)
    snprintf(text, sizeof text, "%s is not the APK of the first boot", name);
  else return NULL;
  return text;
}

static void write_identity(struct cbor_writer *writer, const struct identity *identity) {
  const struct measurement *measured = &identity->measurement;
  cbor_put_map(writer, 4);
  cbor_put_text(writer, "version");
  cbor_put_number(writer, VERSION);
  cbor_put_text(writer, "secret");
  cbor_put_bytes(writer, identity->secret, sizeof identity->secret);
  cbor_put_text(writer, "config");
  cbor_put_bytes(writer, measured->config_hash, sizeof measured->config_hash);
  cbor_put_text(writer, "apks");
  cbor_put_array(writer, measured->apk_count);
  for (uint32_t i = 0; i < measured->apk_count; i++) {
    cbor_put_map(writer, 4);
    cbor_put_text(writer, "root");
    cbor_put_bytes(writer, measured->apks[i].root_hash, sizeof measured->apks[i].root_hash);
    cbor_put_text(writer, "signer");
    cbor_put_bytes(writer, measured->apks[i].signer, sizeof measured->apks[i].signer);
    cbor_put_text(writer, "package");
    cbor_put_bytes(writer, measured->apks[i].manifest.package_name, sizeof measured->apks[i].manifest.package_name);
    cbor_put_text(writer, "version");
    cbor_put_number(writer, measured->apks[i].manifest.version);
  }
}

static bool read_identity(struct cbor_reader *reader, struct identity *identity) {
  struct measurement *measured = &identity->measurement;
  uint64_t version, count;
  memset(identity, 0, sizeof *identity);
  if (!cbor_take_map(reader, 4) || !cbor_take_text(reader, "version") || !cbor_take_number(reader, &version) ||
      version != VERSION || !cbor_take_text(reader, "secret") ||
      !cbor_take_bytes(reader, identity->secret, sizeof identity->secret) || !cbor_take_text(reader, "config") ||
      !cbor_take_bytes(reader, measured->config_hash, sizeof measured->config_hash) || !cbor_take_text(reader, "apks") ||
      !cbor_take_array(reader, &count) || count == 0 || count > IDENTITY_MAX_APKS)
    return false;
  measured->apk_count = (uint32_t)count;
  for (uint32_t i = 0; i < count; i++) {
    struct manifest *manifest = &measured->apks[i].manifest;
    if (!cbor_take_map(reader, 4) || !cbor_take_text(reader, "root") ||
        !cbor_take_bytes(reader, measured->apks[i].root_hash, sizeof measured->apks[i].root_hash) ||
        !cbor_take_text(reader, "signer") ||
        !cbor_take_bytes(reader, measured->apks[i].signer, sizeof measured->apks[i].signer) ||
        !cbor_take_text(reader, "package") ||
        !cbor_take_bytes(reader, manifest->package_name, sizeof manifest->package_name) ||
        manifest->package_name[sizeof manifest->package_name - 1] != 0 || !cbor_take_text(reader, "version") ||
        !cbor_take_number(reader, &manifest->version))
      return false;
  }
  return true;
}
