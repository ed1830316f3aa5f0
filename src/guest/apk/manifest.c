#include "manifest.h"
#include "bytes.h"
#include "zip/zip.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME "AndroidManifest.xml"
#define MAX_SIZE (4u << 20)
#define NODE_HEADER 16
#define ATTRIBUTE_SIZE 20
#define UTF8_FLAG 0x100
/* android:versionCode and android:versionCodeMajor */
#define VERSION_CODE 0x0101021bu
#define VERSION_CODE_MAJOR 0x01010576u

enum chunk { XML = 0x0003, STRING_POOL = 0x0001, RESOURCE_MAP = 0x0180, START_ELEMENT = 0x0102 };
enum value { VALUE_STRING = 0x03, VALUE_DECIMAL = 0x10, VALUE_HEXADECIMAL = 0x11 };

struct tables {
  struct bytes strings;
  uint32_t string_count, string_start;
  bool utf8;
  struct bytes resources;
};

static const char BROKEN[] = "a broken manifest";

static uint8_t *unpack(const struct zip *zip, const struct zip_node *node);
static bool take_chunk(struct bytes *from, uint16_t *type, struct bytes *chunk);
static bool read_pool(struct bytes chunk, struct tables *tables);
static const char *read_element(struct bytes chunk, const struct tables *tables, struct manifest *manifest);
static bool string_at(const struct tables *tables, uint32_t index, char *text, size_t size);
static uint32_t resource_at(const struct tables *tables, uint32_t index);
static uint16_t u16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }
static uint32_t u32(const uint8_t *at) { return u16(at) | (uint32_t)u16(at + 2) << 16; }

const char *manifest_read(int fd, uint64_t size, struct manifest *manifest) {
  struct zip zip;
  memset(manifest, 0, sizeof *manifest);
  const char *error = zip_open(&zip, fd, size);
  if (!error) {
    uint32_t at = zip_child(&zip, 0, NAME, strlen(NAME));
    if (at) {
      uint8_t *data = zip.nodes[at].size <= MAX_SIZE ? unpack(&zip, &zip.nodes[at]) : NULL;
      error = data ? manifest_parse(data, zip.nodes[at].size, manifest) : BROKEN;
      free(data);
    }
  }
  zip_close(&zip);
  return error;
}

const char *manifest_parse(const uint8_t *data, size_t size, struct manifest *manifest) {
  struct bytes file = {data, size}, body, chunk;
  struct tables tables = {0};
  uint16_t type;
  memset(manifest, 0, sizeof *manifest);
  if (!take_chunk(&file, &type, &body) || type != XML) return BROKEN;
  if (!bytes_take(&body, 8, &chunk)) return BROKEN;
  while (take_chunk(&body, &type, &chunk)) {
    if (type == STRING_POOL && !read_pool(chunk, &tables)) return BROKEN;
    if (type == RESOURCE_MAP) tables.resources = (struct bytes){chunk.data + 8, chunk.size - 8};
    if (type == START_ELEMENT) return read_element(chunk, &tables, manifest);
  }
  return BROKEN;
}

static uint8_t *unpack(const struct zip *zip, const struct zip_node *node) {
  if (node->method != 0) return zip_unpack(zip, node);
  uint64_t offset = zip_data_offset(zip, node);
  uint8_t *data = offset ? malloc(node->size + 1) : NULL;
  if (data && read_exactly(zip->fd, data, node->size, offset)) return data;
  free(data);
  return NULL;
}

/* Type, size of the head, size of the whole; the chunk is all of it. */
static bool take_chunk(struct bytes *from, uint16_t *type, struct bytes *chunk) {
  if (from->size < 8) return false;
  *type = u16(from->data);
  uint32_t size = u32(from->data + 4);
  return size >= 8 && bytes_take(from, size, chunk);
}

static bool read_pool(struct bytes chunk, struct tables *tables) {
  if (chunk.size < 28) return false;
  tables->strings = chunk;
  tables->string_count = u32(chunk.data + 8);
  tables->utf8 = u32(chunk.data + 16) & UTF8_FLAG;
  tables->string_start = u32(chunk.data + 20);
  return tables->string_start <= chunk.size && tables->string_count <= (chunk.size - 28) / 4;
}

/* The first element is `manifest`, and has what we look for. */
static const char *read_element(struct bytes chunk, const struct tables *tables, struct manifest *manifest) {
  char name[16];
  if (chunk.size < NODE_HEADER + 20 || !string_at(tables, u32(chunk.data + NODE_HEADER + 4), name, sizeof name) ||
      strcmp(name, "manifest") != 0)
    return BROKEN;
  size_t start = NODE_HEADER + u16(chunk.data + NODE_HEADER + 8);
  size_t each = u16(chunk.data + NODE_HEADER + 10), count = u16(chunk.data + NODE_HEADER + 12);
  if (each < ATTRIBUTE_SIZE || start > chunk.size || count > (chunk.size - start) / each) return BROKEN;
  for (const uint8_t *at = chunk.data + start; count-- > 0; at += each) {
    uint32_t resource = resource_at(tables, u32(at + 4)), value = u32(at + 16);
    bool number = at[15] == VALUE_DECIMAL || at[15] == VALUE_HEXADECIMAL;
    if (resource == VERSION_CODE && number) manifest->version |= value;
    if (resource == VERSION_CODE_MAJOR && number) manifest->version |= (uint64_t)value << 32;
    if (resource == 0 && string_at(tables, u32(at + 4), name, sizeof name) && strcmp(name, "package") == 0) {
      if (at[15] != VALUE_STRING || !string_at(tables, value, manifest->package_name, sizeof manifest->package_name))
        return "a manifest with a bad package name";
    }
  }
  return *manifest->package_name ? NULL : "a manifest without a package name";
}

/* Only plain ASCII, as names of packages and elements are. */
static bool string_at(const struct tables *tables, uint32_t index, char *text, size_t size) {
  if (index >= tables->string_count) return false;
  struct bytes rest = {tables->strings.data + tables->string_start, tables->strings.size - tables->string_start}, skipped;
  if (!bytes_take(&rest, u32(tables->strings.data + 28 + 4 * (size_t)index), &skipped) || rest.size < 2) return false;
  /* Lengths of 128 characters and more take two bytes: no name that is compared here is that long in UTF-8. */
  size_t length = tables->utf8 ? rest.data[1] : u16(rest.data);
  size_t step = tables->utf8 ? 1 : 2;
  if (length >= size || (tables->utf8 && (rest.data[0] | rest.data[1]) & 0x80) || (rest.size - 2) / step < length) return false;
  for (size_t i = 0; i < length; i++) {
    uint16_t unit = tables->utf8 ? rest.data[2 + i] : u16(rest.data + 2 + 2 * i);
    if (unit < 0x20 || unit > 0x7e) return false;
    text[i] = (char)unit;
  }
  text[length] = 0;
  return true;
}

static uint32_t resource_at(const struct tables *tables, uint32_t index) {
  return index < tables->resources.size / 4 ? u32(tables->resources.data + 4 * (size_t)index) : 0;
}
