/* What vouches for a payload, run on the host for the unit tests.
 *
 *   verified idsig FILE APK_SIZE
 *   verified signature FILE SDK              reads the v3 signature and compares the content with it
 *   verified seal FILE KEY NONCE DATA        writes an instance image's entry; hexadecimal
 *   verified unseal FILE KEY
 *   verified manifest FILE -                 name and version of an APK's package
 *   verified create FILE SECRET ID ITEM=NUMBER   a VM's identity, with one item of what was measured another than 1
 *   verified load FILE SECRET ID ITEM=NUMBER
 */
#include "../apk/idsig.h"
#include "../apk/signing/signing-block.h"
#include "../instance/identity.h"
#include "../instance/instance-image.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int idsig(int fd, uint64_t size, uint64_t apk_size);
static int signature(int fd, uint64_t size, uint32_t sdk);
static int sealed(int fd, char **argv, int argc);
static int identity(char **argv);
static void measure(struct measurement *measured, const char *values);
static int manifest(int fd, uint64_t size);
static size_t from_hex(const char *text, uint8_t *to);
static void print_hex(const char *label, const uint8_t *data, size_t size);
static int refuse(const char *error) { return printf("refused: %s\n", error) < 0; }

int main(int argc, char **argv) {
  struct stat stat;
  int fd = argc > 3 ? open(argv[2], O_RDWR) : -1;
  if (fd < 0 || fstat(fd, &stat) != 0) return 2;
  uint64_t size = (uint64_t)stat.st_size;
  if (strcmp(argv[1], "idsig") == 0) return idsig(fd, size, strtoull(argv[3], NULL, 10));
  if (strcmp(argv[1], "signature") == 0) return signature(fd, size, (uint32_t)strtoul(argv[3], NULL, 10));
  if (strcmp(argv[1], "manifest") == 0) return manifest(fd, size);
  if (strcmp(argv[1], "seal") == 0 || strcmp(argv[1], "unseal") == 0) return sealed(fd, argv, argc);
  return argc == 6 ? identity(argv) : 2;
}

static int idsig(int fd, uint64_t size, uint64_t apk_size) {
  struct idsig idsig;
  const char *error = idsig_read(fd, size, apk_size, &idsig);
  if (error) return refuse(error);
  print_hex("root", idsig.root_hash, sizeof idsig.root_hash);
  print_hex("digest", idsig.apk_digest, idsig.apk_digest_size);
  printf("tree %llu at %llu\n", (unsigned long long)idsig.tree_size, (unsigned long long)idsig.tree_offset);
  return 0;
}

static int signature(int fd, uint64_t size, uint32_t sdk) {
  struct apk_signature signature;
  const char *error = apk_signature_read(fd, size, sdk, &signature);
  if (error) return refuse(error);
  printf("algorithm %04x\n", signature.algorithm);
  print_hex("digest", signature.digest, content_digest_size(signature.digest_kind));
  print_hex("signer", signature.signer, sizeof signature.signer);
  error = apk_signature_check_content(fd, &signature);
  return error ? refuse(error) : puts("content fits") < 0;
}

static int sealed(int fd, char **argv, int argc) {
  static const char *const names[] = {"ok", "empty", "damaged", "failed"};
  static uint8_t data[INSTANCE_MAX_DATA + 1];
  uint8_t key[GCM_KEY_SIZE], nonce[GCM_NONCE_SIZE];
  size_t size = 0;
  enum instance_result result;
  from_hex(argv[3], key);
  if (strcmp(argv[1], "seal") == 0 && argc == 6) {
    from_hex(argv[4], nonce);
    size = from_hex(argv[5], data);
    result = instance_write(fd, key, nonce, data, size);
  } else {
    result = instance_read(fd, key, data, &size);
    if (result == INSTANCE_OK) print_hex("data", data, size);
  }
  return puts(names[result]) < 0;
}

static int identity(char **argv) {
  static const char *const states[] = {"first boot", "known", "damaged", "failed"};
  uint8_t secret[32], id[64], key[32], derived[32];
  struct measurement measured = {.apk_count = 2};
  struct identity identity;
  from_hex(argv[3], secret);
  identity_sealing_key(secret, id, from_hex(argv[4], id), key);
  measure(&measured, argv[5]);
  if (strcmp(argv[1], "create") == 0) {
    const char *error = identity_create(argv[2], key, &measured, &identity);
    if (error) return refuse(error);
  } else {
    enum identity_state state = identity_load(argv[2], key, &identity);
    puts(states[state]);
    if (state != IDENTITY_KNOWN) return 0;
    const char *difference = identity_difference(&identity.measurement, &measured);
    printf("difference %s\n", difference ? difference : "none");
  }
  identity_derive(&identity, "test", "a", 1, derived, sizeof derived);
  print_hex("derived", derived, sizeof derived);
  return 0;
}

/* Each value of ITEM=NUMBER,… stands for all bytes of that item; what is not named is 1. */
static void measure(struct measurement *measured, const char *values) {
  unsigned root = 1, signer = 1, version = 1, package = 1, extra = 1, config = 1;
  const struct {
    const char *name;
    unsigned *value;
  } items[] = {{"root", &root},       {"signer", &signer}, {"version", &version},
               {"package", &package}, {"extra", &extra},   {"config", &config}};
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    if (strncmp(values, items[i].name, strlen(items[i].name)) == 0) *items[i].value = (unsigned)atoi(strchr(values, '=') + 1);
  }
  for (int i = 0; i < 2; i++) {
    struct measured_apk *apk = &measured->apks[i];
    memset(apk->root_hash, i ? (int)extra : (int)root, sizeof apk->root_hash);
    memset(apk->signer, (int)signer, sizeof apk->signer);
    snprintf(apk->manifest.package_name, sizeof apk->manifest.package_name, "com.example.%s%u", i ? "extra" : "main", package);
    apk->manifest.version = version;
  }
  memset(measured->config_hash, (int)config, sizeof measured->config_hash);
}

static int manifest(int fd, uint64_t size) {
  struct manifest manifest;
  const char *error = manifest_read(fd, size, &manifest);
  if (error) return refuse(error);
  return printf("%s %llu\n", manifest.package_name, (unsigned long long)manifest.version) < 0;
}

static size_t from_hex(const char *text, uint8_t *to) {
  size_t size = strlen(text) / 2;
  for (size_t i = 0; i < size; i++) {
    unsigned value = 0;
    sscanf(text + 2 * i, "%2x", &value);
    to[i] = (uint8_t)value;
  }
  return size;
}

static void print_hex(const char *label, const uint8_t *data, size_t size) {
  printf("%s ", label);
  for (size_t i = 0; i < size; i++) printf("%02x", data[i]);
  puts("");
}
