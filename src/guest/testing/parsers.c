/* Runs the guest's readers of untrusted input on the host, for the unit tests.
 *
 *   parsers config RELEASE      vm_config.json on stdin
 *   parsers metadata            a metadata disk on stdin
 *   parsers log                 a datagram for the log on stdin, of process 42
 *   parsers zip FILE            lists an archive: path, size and the CRC-32 of what was read
 */
#include "../init/config/config.h"
#include "../apk/zip/inflate.h"
#include "../init/config/metadata.h"
#include "../apk/zip/zip.h"
#include "../logging/log-record.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[1 << 20];

static int config(int release, size_t size);
static int metadata(void);
static int log_record(size_t size);
static void print(const char *line, size_t size);
static int zip(const char *file);
static void list(const struct zip *zip, uint32_t folder, const char *path);

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "zip") == 0 && argc == 3) return zip(argv[2]);
  size_t size = fread(text, 1, sizeof text - 1, stdin);
  if (strcmp(what, "config") == 0 && argc == 3) return config(atoi(argv[2]), size);
  if (strcmp(what, "metadata") == 0) return metadata();
  if (strcmp(what, "log") == 0) return log_record(size);
  return 2;
}

static int refuse(const char *error) { return printf("refused: %s\n", error) < 0; }

static int config(int release, size_t size) {
  struct payload_config config;
  const char *error = config_parse(text, size, release, &config);
  if (error) return refuse(error);
  char path[64];
  printf("%s %s\n", config.launcher ? "launcher" : "executable", config.command);
  if (config_command_path(&config, path, sizeof path)) printf("path %s\n", path);
  for (int i = 0; i < config.argument_count; i++) printf("argument %s\n", config.arguments[i]);
  printf("extra apks %d\n", config.extra_apk_count);
  static const char *const choices[] = {"by debug level", "no", "yes"};
  printf("export tombstones: %s\n", choices[config.export_tombstones]);
  return 0;
}

static int metadata(void) {
  struct metadata metadata;
  const char *error = metadata_parse(text, &metadata);
  if (error) return refuse(error);
  printf("name %s\nrelease %d\n", metadata.name, metadata.release);
  printf("config %s\nbinary %s\n", metadata.config_path, metadata.payload_binary_name);
  printf("apk %llu\nidsig %llu\n", (unsigned long long)metadata.apk_size, (unsigned long long)metadata.idsig_size);
  for (int i = 0; i < metadata.extra_apk_count; i++)
    printf("extra %llu %llu\n", (unsigned long long)metadata.extra_apk_size[i],
           (unsigned long long)metadata.extra_idsig_size[i]);
  if (metadata.has_entropy) printf("entropy %02x..%02x\n", metadata.entropy[0], metadata.entropy[31]);
  return 0;
}

static int log_record(size_t size) {
  struct log_record record = {.pid = 42};
  if (!log_record_parse(text, size, &record)) return refuse("no record");
  log_record_format(&record, print);
  return 0;
}

static void print(const char *line, size_t size) { fwrite(line, 1, size, stdout); }

static int zip(const char *file) {
  struct zip zip;
  struct stat stat;
  int fd = open(file, O_RDONLY);
  if (fd < 0 || fstat(fd, &stat) != 0) return 2;
  const char *error = zip_open(&zip, fd, (uint64_t)stat.st_size);
  if (error) return refuse(error);
  list(&zip, 0, "");
  printf("left out %u\n", zip.refused);
  return 0;
}

static void list(const struct zip *zip, uint32_t folder, const char *path) {
  for (uint32_t at = zip->nodes[folder].first; at; at = zip->nodes[at].next) {
    const struct zip_node *node = &zip->nodes[at];
    char name[8192];
    snprintf(name, sizeof name, "%s%s%s", path, node->name, node->folder ? "/" : "");
    if (node->folder) {
      printf("%s %o\n", name, node->mode);
      list(zip, at, name);
      continue;
    }
    uint8_t *data = NULL;
    uint64_t offset = node->method == 0 ? zip_data_offset(zip, node) : 0;
    if (node->method != 0) {
      data = zip_unpack(zip, node);
    } else if (offset) {
      data = malloc(node->size + 1);
      if (pread(zip->fd, data, node->size, (off_t)offset) != (ssize_t)node->size) data = NULL;
    }
    if (data) printf("%s %o %u %08x\n", name, node->mode, node->size, crc32_of(data, node->size));
    else printf("%s broken\n", name);
  }
}
