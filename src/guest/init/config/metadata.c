#include "metadata.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SIZE (64 * 1024)

static bool take(struct metadata *metadata, const char *key, const char *value);
static bool take_indexed(const char *key, const char *prefix, const char *value, uint64_t sizes[MAX_EXTRA_APKS]);
static bool take_text(char *to, size_t size, const char *value);
static bool take_number(uint64_t *to, uint64_t max, const char *value);
static bool take_hex(uint8_t *to, size_t size, const char *value);
static bool take_instance_id(struct metadata *metadata, const char *value);
static const char *check(const struct metadata *metadata, bool version_seen);

const char *metadata_read(const char *disk, struct metadata *metadata) {
  static char text[MAX_SIZE + 1];
  int fd = open(disk, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return strerror(errno);
  size_t size = 0;
  ssize_t got;
  while (size < MAX_SIZE && (got = read(fd, text + size, MAX_SIZE - size)) > 0) size += (size_t)got;
  close(fd);
  text[size] = 0;
  return metadata_parse(text, metadata);
}

const char *metadata_parse(char *text, struct metadata *metadata) {
  static char why[160];
  memset(metadata, 0, sizeof *metadata);
  bool version_seen = false;
  char *line;
  while ((line = strsep(&text, "\n"))) {
    if (*line == 0) continue;
    char *value = strchr(line, '=');
    if (!value) return "a line without `=`";
    *value++ = 0;
    if (strcmp(line, "version") == 0) {
      if (strcmp(value, "1") != 0) return "a version other than 1";
      version_seen = true;
    } else if (!take(metadata, line, value)) {
      snprintf(why, sizeof why, "bad value of %.100s", line);
      return why;
    }
  }
  return check(metadata, version_seen);
}

/* Unknown keys are ignored: a newer host may say more. */
static bool take(struct metadata *metadata, const char *key, const char *value) {
  uint64_t number;
  if (strcmp(key, "name") == 0) return take_text(metadata->name, sizeof metadata->name, value);
  if (strcmp(key, "config_path") == 0)
    return take_text(metadata->config_path, sizeof metadata->config_path, value);
  if (strcmp(key, "payload_binary_name") == 0)
    return take_text(metadata->payload_binary_name, sizeof metadata->payload_binary_name, value);
  if (strcmp(key, "apk_size") == 0) return take_number(&metadata->apk_size, UINT32_MAX, value);
  if (strcmp(key, "idsig_size") == 0) return take_number(&metadata->idsig_size, UINT32_MAX, value);
  if (strcmp(key, "entropy") == 0)
    return metadata->has_entropy = take_hex(metadata->entropy, sizeof metadata->entropy, value);
  if (strcmp(key, "device_secret") == 0)
    return take_hex(metadata->device_secret, sizeof metadata->device_secret, value);
  if (strcmp(key, "instance_id") == 0) return take_instance_id(metadata, value);
  if (strncmp(key, "extra_apk_", 10) == 0 && strcmp(key, "extra_apk_count") != 0)
    return take_indexed(key, "extra_apk_", value, metadata->extra_apk_size);
  if (strncmp(key, "extra_idsig_", 12) == 0) return take_indexed(key, "extra_idsig_", value, metadata->extra_idsig_size);
  if (strcmp(key, "release") == 0) {
    if (!take_number(&number, 99, value)) return false;
    metadata->release = (int)number;
  }
  if (strcmp(key, "extra_apk_count") == 0) {
    if (!take_number(&number, MAX_EXTRA_APKS, value)) return false;
    metadata->extra_apk_count = (int)number;
  }
  if (strcmp(key, "epoch_seconds") == 0) {
    if (!take_number(&number, INT64_MAX / 2, value)) return false;
    metadata->epoch_seconds = (int64_t)number;
  }
  return true;
}

/* `<prefix><i>_size` */
static bool take_indexed(const char *key, const char *prefix, const char *value, uint64_t sizes[MAX_EXTRA_APKS]) {
  char *rest;
  unsigned long index = strtoul(key + strlen(prefix), &rest, 10);
  if (strcmp(rest, "_size") != 0 || index >= MAX_EXTRA_APKS) return false;
  return take_number(&sizes[index], UINT32_MAX, value);
}

static bool take_text(char *to, size_t size, const char *value) {
  if (strlen(value) >= size) return false;
  strcpy(to, value);
  return true;
}

static bool take_number(uint64_t *to, uint64_t max, const char *value) {
  if (*value < '0' || *value > '9') return false;
  char *end;
  errno = 0;
  *to = strtoull(value, &end, 10);
  return errno == 0 && *end == 0 && *to <= max;
}

/* Exactly `size` bytes. */
static bool take_hex(uint8_t *to, size_t size, const char *value) {
  if (strlen(value) != 2 * size) return false;
  for (size_t i = 0; i < 2 * size; i++) {
    char digit = value[i];
    int number = digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
    if (number < 0) return false;
    to[i / 2] = (uint8_t)(i % 2 ? to[i / 2] << 4 | number : number);
  }
  return true;
}

static bool take_instance_id(struct metadata *metadata, const char *value) {
  size_t size = strlen(value) / 2;
  if (size > sizeof metadata->instance_id || !take_hex(metadata->instance_id, size, value)) return false;
  metadata->instance_id_size = size;
  return true;
}

static const char *check(const struct metadata *metadata, bool version_seen) {
  if (!version_seen) return "no version";
  if (metadata->release == 0) return "no release";
  if (metadata->apk_size == 0) return "no apk_size";
  if (!*metadata->config_path == !*metadata->payload_binary_name)
    return "needs either config_path or payload_binary_name";
  return NULL;
}
