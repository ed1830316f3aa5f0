#include "process-name.h"
#include <string.h>
#include <sys/prctl.h>

static char *area;
static size_t area_size;

void process_name_area(int argc, char **argv) {
  if (argc == 0) return;
  area = argv[0];
  char *last = argv[argc - 1];
  area_size = (size_t)(last + strlen(last) + 1 - area);
}

void process_name(const char *name) {
  prctl(PR_SET_NAME, name);
  if (area_size == 0) return;
  memset(area, 0, area_size);
  strncpy(area, name, area_size - 1);
}
