#include "fuse-server.h"
#include <errno.h>
#include <linux/fuse.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_READ (128u << 10)
#define REQUEST_SIZE (FUSE_MIN_READ_BUFFER + 4096)
/* The archive never changes, so the kernel may remember everything. */
#define FOREVER_S (24 * 3600)
#define STORED 0
/* Android gives the APK to root, and to the group that all payloads are in. */
#define PAYLOAD_GROUP 6000

struct server {
  int device;
  const struct zip *zip;
  /* Offset of the data of a stored file, by node, once it was opened. */
  uint64_t *offsets;
};

static void answer(const struct server *server, struct fuse_in_header *request, void *body, size_t size);
static int on_init(const struct server *server, struct fuse_in_header *request, const void *body);
static int on_lookup(const struct server *server, struct fuse_in_header *request, const char *name);
static int on_getattr(const struct server *server, struct fuse_in_header *request);
static int on_open(struct server *server, struct fuse_in_header *request);
static int on_read(const struct server *server, struct fuse_in_header *request, const struct fuse_read_in *wanted);
static int on_readdir(const struct server *server, struct fuse_in_header *request, const struct fuse_read_in *wanted);
static int on_statfs(const struct server *server, struct fuse_in_header *request);
static void reply(const struct server *server, uint64_t unique, int error, const void *data, size_t size);
static void describe(const struct zip *zip, uint32_t node, struct fuse_attr *attributes);
static uint32_t links(const struct zip *zip, uint32_t node);
/* The kernel's number of the root is 1. */
static uint32_t node_of(const struct fuse_in_header *request) { return (uint32_t)request->nodeid - FUSE_ROOT_ID; }

void fuse_serve(int device, const struct zip *zip) {
  static _Alignas(8) char buffer[REQUEST_SIZE];
  struct server server = {.device = device, .zip = zip, .offsets = calloc(zip->count, sizeof(uint64_t))};
  while (server.offsets) {
    ssize_t size = read(device, buffer, sizeof buffer - 1);
    if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    if (size < (ssize_t)sizeof(struct fuse_in_header)) return;
    /* Names usually end with a NUL; this one is for names that do not. */
    buffer[size] = 0;
    struct fuse_in_header *request = (struct fuse_in_header *)buffer;
    if (request->opcode == FUSE_DESTROY) return;
    answer(&server, request, buffer + sizeof *request, (size_t)size - sizeof *request);
  }
}

static void answer(const struct server *server, struct fuse_in_header *request, void *body, size_t size) {
  int error = -ENOSYS;
  bool reads = request->opcode == FUSE_READ || request->opcode == FUSE_READDIR;
  if (request->opcode == FUSE_FORGET || request->opcode == FUSE_BATCH_FORGET || request->opcode == FUSE_INTERRUPT) return;
  if (request->opcode != FUSE_INIT && node_of(request) >= server->zip->count) error = -ENOENT;
  else if (reads && size < sizeof(struct fuse_read_in)) error = -EINVAL;
  else switch (request->opcode) {
    case FUSE_INIT: error = on_init(server, request, body); break;
    case FUSE_LOOKUP: error = on_lookup(server, request, body); break;
    case FUSE_GETATTR: error = on_getattr(server, request); break;
    case FUSE_OPEN: error = on_open((struct server *)server, request); break;
    case FUSE_READ: error = on_read(server, request, body); break;
    case FUSE_OPENDIR: {
      struct fuse_open_out opened = {.open_flags = FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE};
      reply(server, request->unique, 0, &opened, sizeof opened);
      return;
    }
    case FUSE_READDIR: error = on_readdir(server, request, body); break;
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR: reply(server, request->unique, 0, NULL, 0); return;
    case FUSE_STATFS: error = on_statfs(server, request); break;
    }
  if (error) reply(server, request->unique, error, NULL, 0);
}

static int on_init(const struct server *server, struct fuse_in_header *request, const void *body) {
  const struct fuse_init_in *offer = body;
  struct fuse_init_out agreed = {
      .major = FUSE_KERNEL_VERSION,
      .minor = offer->minor < FUSE_KERNEL_MINOR_VERSION ? offer->minor : FUSE_KERNEL_MINOR_VERSION,
      .max_readahead = offer->max_readahead,
      .flags = offer->flags & (FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES),
      .max_background = 8,
      .congestion_threshold = 6,
      .max_write = 4096,
      .max_pages = MAX_READ / 4096,
  };
  reply(server, request->unique, 0, &agreed, sizeof agreed);
  return 0;
}

static int on_lookup(const struct server *server, struct fuse_in_header *request, const char *name) {
  uint32_t at = zip_child(server->zip, node_of(request), name, strlen(name));
  struct fuse_entry_out found = {.entry_valid = FOREVER_S, .attr_valid = FOREVER_S};
  if (at) {
    found.nodeid = at + FUSE_ROOT_ID;
    describe(server->zip, at, &found.attr);
  }
  reply(server, request->unique, 0, &found, sizeof found);
  return 0;
}

static int on_getattr(const struct server *server, struct fuse_in_header *request) {
  struct fuse_attr_out out = {.attr_valid = FOREVER_S};
  describe(server->zip, node_of(request), &out.attr);
  reply(server, request->unique, 0, &out, sizeof out);
  return 0;
}

/* A deflated file is unpacked when it is opened, and freed with its pages: the handle is its memory. */
static int on_open(struct server *server, struct fuse_in_header *request) {
  uint32_t at = node_of(request);
  const struct zip_node *node = &server->zip->nodes[at];
  if (node->folder) return -EISDIR;
  struct fuse_open_out opened = {.open_flags = FOPEN_KEEP_CACHE};
  if (node->method == STORED) {
    if (!server->offsets[at]) server->offsets[at] = zip_data_offset(server->zip, node);
    if (!server->offsets[at]) return -EIO;
  } else {
    /* Kept for good once it was unpacked: payload files are few, and read again. */
    if (!server->offsets[at]) server->offsets[at] = (uint64_t)(uintptr_t)zip_unpack(server->zip, node);
    if (!server->offsets[at]) return -EIO;
  }
  reply(server, request->unique, 0, &opened, sizeof opened);
  return 0;
}

static int on_read(const struct server *server, struct fuse_in_header *request, const struct fuse_read_in *wanted) {
  static char buffer[MAX_READ];
  uint32_t at = node_of(request);
  const struct zip_node *node = &server->zip->nodes[at];
  if (!server->offsets[at]) return -EIO;
  if (wanted->offset >= node->size) {
    reply(server, request->unique, 0, NULL, 0);
    return 0;
  }
  size_t size = wanted->size < MAX_READ ? wanted->size : MAX_READ;
  if (size > node->size - wanted->offset) size = node->size - (size_t)wanted->offset;
  if (node->method != STORED) {
    reply(server, request->unique, 0, (const char *)(uintptr_t)server->offsets[at] + wanted->offset, size);
    return 0;
  }
  size_t got = 0;
  while (got < size) {
    ssize_t part = pread(server->zip->fd, buffer + got, size - got, (off_t)(server->offsets[at] + wanted->offset + got));
    if (part <= 0) return -EIO;
    got += (size_t)part;
  }
  reply(server, request->unique, 0, buffer, size);
  return 0;
}

/* `offset` counts entries: `.`, `..`, then the children. */
static int on_readdir(const struct server *server, struct fuse_in_header *request, const struct fuse_read_in *wanted) {
  static _Alignas(8) char buffer[32768];
  const struct zip *zip = server->zip;
  uint32_t folder = node_of(request);
  if (!zip->nodes[folder].folder) return -ENOTDIR;
  size_t limit = wanted->size < sizeof buffer ? wanted->size : sizeof buffer;
  size_t used = 0;
  uint32_t child = zip->nodes[folder].first;
  for (uint64_t index = 0; index < 2 || child; index++) {
    uint32_t at = index == 0 ? folder : index == 1 ? zip->nodes[folder].parent : child;
    const char *name = index == 0 ? "." : index == 1 ? ".." : zip->nodes[child].name;
    if (index >= 2) child = zip->nodes[child].next;
    if (index < wanted->offset) continue;
    size_t name_size = strlen(name);
    size_t whole = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name_size);
    if (used + whole > limit) break;
    struct fuse_dirent *entry = (struct fuse_dirent *)(buffer + used);
    memset(entry, 0, whole);
    entry->ino = at + FUSE_ROOT_ID;
    entry->off = index + 1;
    entry->namelen = (uint32_t)name_size;
    entry->type = (zip->nodes[at].folder ? S_IFDIR : S_IFREG) >> 12;
    memcpy(entry->name, name, name_size);
    used += whole;
  }
  reply(server, request->unique, 0, buffer, used);
  return 0;
}

static int on_statfs(const struct server *server, struct fuse_in_header *request) {
  struct fuse_statfs_out out = {
      .st = {.blocks = server->zip->size / 512, .files = server->zip->count, .bsize = 512, .frsize = 512, .namelen = 255}};
  reply(server, request->unique, 0, &out, sizeof out);
  return 0;
}

static void reply(const struct server *server, uint64_t unique, int error, const void *data, size_t size) {
  struct fuse_out_header header = {.len = (uint32_t)(sizeof header + size), .error = error, .unique = unique};
  struct iovec parts[2] = {{&header, sizeof header}, {(void *)data, size}};
  /* ENOENT: the request was interrupted meanwhile. */
  (void)!writev(server->device, parts, size > 0 ? 2 : 1);
}

static void describe(const struct zip *zip, uint32_t at, struct fuse_attr *attributes) {
  const struct zip_node *node = &zip->nodes[at];
  *attributes = (struct fuse_attr){
      .ino = at + FUSE_ROOT_ID,
      .size = node->folder ? 0 : node->size,
      .blocks = node->folder ? 0 : (node->size + 511) / 512,
      .mode = (node->folder ? S_IFDIR : S_IFREG) | node->mode,
      .gid = PAYLOAD_GROUP,
      .nlink = links(zip, at),
      .blksize = 4096,
  };
}

/* Of a folder, as zipfuse counts: two more than what is in it. */
static uint32_t links(const struct zip *zip, uint32_t at) {
  if (!zip->nodes[at].folder) return 1;
  uint32_t count = 2;
  for (uint32_t child = zip->nodes[at].first; child; child = zip->nodes[child].next) count++;
  return count;
}
