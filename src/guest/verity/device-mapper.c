#include "device-mapper.h"
#include "../init/wait.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BUFFER_SIZE 4096
#define NODE_TIMEOUT_MS 2000

union request {
  struct dm_ioctl head;
  char bytes[BUFFER_SIZE];
};

static void prepare(union request *request, const char *name, uint32_t flags);
static bool add_targets(union request *request, const struct dm_target *targets, int count);

const char *dm_create(const char *name, const struct dm_target *targets, int target_count, bool read_only,
                      char path[32]) {
  static char why[160];
  union request request;
  const char *step = "open the device mapper";
  uint32_t flags = read_only ? DM_READONLY_FLAG : 0;
  int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
  bool done = false;
  if (control >= 0) {
    step = "create";
    prepare(&request, name, flags);
    if (ioctl(control, DM_DEV_CREATE, &request) == 0) {
      snprintf(path, 32, "/dev/dm-%u", minor(request.head.dev));
      step = "load the table of";
      prepare(&request, name, flags);
      if (add_targets(&request, targets, target_count) && ioctl(control, DM_TABLE_LOAD, &request) == 0) {
        step = "resume";
        prepare(&request, name, flags);
        done = ioctl(control, DM_DEV_SUSPEND, &request) == 0;
      }
    }
  }
  int error = errno;
  if (control >= 0) close(control);
  if (!done) {
    snprintf(why, sizeof why, "Failed to %s device-mapper device %s: %s", step, name, strerror(error));
    return why;
  }
  struct deadline deadline = deadline_after(NODE_TIMEOUT_MS);
  while (access(path, F_OK) != 0) {
    if (!deadline_nap(&deadline)) return "A device-mapper device did not appear in /dev";
  }
  return NULL;
}

static void prepare(union request *request, const char *name, uint32_t flags) {
  memset(request, 0, sizeof *request);
  request->head.version[0] = DM_VERSION_MAJOR;
  request->head.data_size = sizeof *request;
  request->head.data_start = sizeof request->head;
  request->head.flags = flags;
  snprintf(request->head.name, sizeof request->head.name, "%s", name);
}

/* Each target: a struct, its parameters as text, padding to eight bytes. */
static bool add_targets(union request *request, const struct dm_target *targets, int count) {
  size_t at = sizeof request->head;
  for (int i = 0; i < count; i++) {
    size_t text_size = strlen(targets[i].parameters) + 1;
    size_t whole = (sizeof(struct dm_target_spec) + text_size + 7) / 8 * 8;
    if (at + whole > sizeof *request) return errno = E2BIG, false;
    struct dm_target_spec spec = {
        .sector_start = targets[i].start_sector, .length = targets[i].sector_count, .next = (uint32_t)whole};
    snprintf(spec.target_type, sizeof spec.target_type, "%s", targets[i].type);
    memcpy(request->bytes + at, &spec, sizeof spec);
    memcpy(request->bytes + at + sizeof spec, targets[i].parameters, text_size);
    at += whole;
  }
  request->head.target_count = (uint32_t)count;
  return true;
}
