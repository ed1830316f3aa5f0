#include "cmdline.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_PARAMETERS 128

static struct {
  char *name;
  char *value;
} parameters[MAX_PARAMETERS];
static size_t count;

static void read_once(void);

const char *kernel_parameter(const char *name) {
  read_once();
  for (size_t i = 0; i < count; i++) {
    if (strcmp(parameters[i].name, name) == 0) return parameters[i].value;
  }
  return NULL;
}

void kernel_parameters(void (*visit)(const char *name, const char *value, void *context), void *context) {
  read_once();
  for (size_t i = 0; i < count; i++) visit(parameters[i].name, parameters[i].value, context);
}

static void read_once(void) {
  static char text[4096];
  if (text[0]) return;
  int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (size <= 0) return;
  text[size] = 0;
  char *rest = text;
  char *word;
  while (count < MAX_PARAMETERS && (word = strsep(&rest, " \n"))) {
    char *equals = strchr(word, '=');
    if (!equals) continue;
    *equals = 0;
    parameters[count].name = word;
    parameters[count++].value = equals + 1;
  }
}
