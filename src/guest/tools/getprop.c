/* getprop [NAME [DEFAULT]] and setprop NAME VALUE, by the name this program is called by. */
#include "../properties/client.h"
#include "../properties/store.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_all(void);
static int print_one(const char *name, const char *fallback);
static int set(const char *name, const char *value);
static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int main(int argc, char **argv) {
  const char *called = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
  if (strcmp(called, "setprop") == 0) {
    if (argc == 3) return set(argv[1], argv[2]);
    fprintf(stderr, "usage: setprop NAME VALUE\n");
    return 1;
  }
  return argc > 1 ? print_one(argv[1], argc > 2 ? argv[2] : "") : print_all();
}

static int print_all(void) {
  static char *lines[1024];
  size_t count = 0;
  char line[PROPERTY_MAX_LINE];
  FILE *file = fopen(PROPERTIES_FILE, "re");
  while (file && count < 1024 && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (strchr(line, '=')) lines[count++] = strdup(line);
  }
  if (file) fclose(file);
  qsort(lines, count, sizeof *lines, compare);
  for (size_t i = 0; i < count; i++) {
    char *value = strchr(lines[i], '=');
    printf("[%.*s]: [%s]\n", (int)(value - lines[i]), lines[i], value + 1);
  }
  return 0;
}

static int print_one(const char *name, const char *fallback) {
  char value[PROPERTY_MAX_LINE];
  return puts(property_get(name, value, sizeof value) ? value : fallback) < 0;
}

static int set(const char *name, const char *value) {
  const char *error = property_client_set(name, value);
  if (error) fprintf(stderr, "setprop: failed to set property '%s' to '%s': %s\n", name, value, error);
  return error != NULL;
}
