/* getprop [NAME [DEFAULT]] and setprop NAME VALUE, by the name this program is called by. */
#include "../init/properties.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MAX_LINE 1024

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
  char line[MAX_LINE];
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
  char line[MAX_LINE];
  size_t size = strlen(name);
  FILE *file = fopen(PROPERTIES_FILE, "re");
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, name, size) == 0 && line[size] == '=') return puts(line + size + 1) < 0;
  }
  return puts(fallback) < 0;
}

/* Writes the file anew beside the old one: a reader sees either, whole. */
static int set(const char *name, const char *value) {
  if (!*name || strpbrk(name, "=\n") || strchr(value, '\n') || strlen(name) + strlen(value) > MAX_LINE - 3) {
    fprintf(stderr, "setprop: bad name or value\n");
    return 1;
  }
  char line[MAX_LINE];
  size_t size = strlen(name);
  int lock = open("/dev/__properties__/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  bool alone = lock >= 0 && flock(lock, LOCK_EX) == 0;
  FILE *old = alone ? fopen(PROPERTIES_FILE, "re") : NULL;
  FILE *fresh = old ? fopen(PROPERTIES_FILE ".new", "we") : NULL;
  if (!fresh) {
    fprintf(stderr, "setprop: %s\n", strerror(errno));
    return 1;
  }
  while (fgets(line, sizeof line, old)) {
    bool same = strncmp(line, name, size) == 0 && line[size] == '=';
    if (same && strncmp(name, "ro.", 3) == 0) {
      fprintf(stderr, "setprop: %s is read-only\n", name);
      return 1;
    }
    if (!same) fputs(line, fresh);
  }
  fprintf(fresh, "%s=%s\n", name, value);
  return fclose(fresh) != 0 || rename(PROPERTIES_FILE ".new", PROPERTIES_FILE) != 0;
}
