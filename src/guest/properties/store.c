#include "store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *replace(const char *name, const char *value);
static bool copy_others(const char *name, FILE *old, FILE *fresh);

const char *property_set(const char *name, const char *value) {
  if (!*name || strpbrk(name, "=\n") || strchr(value, '\n') || strlen(name) + strlen(value) > PROPERTY_MAX_LINE - 3)
    return "bad name or value";
  int lock = open("/dev/__properties__/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return strerror(errno);
  const char *error = flock(lock, LOCK_EX) == 0 ? replace(name, value) : strerror(errno);
  close(lock);
  return error;
}

bool property_get(const char *name, char *value, size_t size) {
  char line[PROPERTY_MAX_LINE];
  size_t name_size = strlen(name);
  bool found = false;
  FILE *file = fopen(PROPERTIES_FILE, "re");
  while (file && !found && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    found = strncmp(line, name, name_size) == 0 && line[name_size] == '=' && strlen(line + name_size + 1) < size;
    if (found) strcpy(value, line + name_size + 1);
  }
  if (file) fclose(file);
  return found;
}

bool property_is(const char *name, const char *value) {
  char held[PROPERTY_MAX_LINE];
  return property_get(name, held, sizeof held) && strcmp(held, value) == 0;
}

/* Writes the file anew beside the old one: a reader sees either, whole. */
static const char *replace(const char *name, const char *value) {
  FILE *old = fopen(PROPERTIES_FILE, "re");
  if (!old) return strerror(errno);
  FILE *fresh = fopen(PROPERTIES_FILE ".new", "we");
  if (!fresh) {
    const char *error = strerror(errno);
    fclose(old);
    return error;
  }
  bool settable = copy_others(name, old, fresh);
  fclose(old);
  fprintf(fresh, "%s=%s\n", name, value);
  bool written = fclose(fresh) == 0;
  if (!settable) return "it is read-only";
  return written && rename(PROPERTIES_FILE ".new", PROPERTIES_FILE) == 0 ? NULL : strerror(errno);
}

/* False when the property is there and may be set once only. */
static bool copy_others(const char *name, FILE *old, FILE *fresh) {
  char line[PROPERTY_MAX_LINE];
  size_t size = strlen(name);
  while (fgets(line, sizeof line, old)) {
    bool same = strncmp(line, name, size) == 0 && line[size] == '=';
    if (same && strncmp(name, "ro.", 3) == 0) return false;
    if (!same) fputs(line, fresh);
  }
  return true;
}
