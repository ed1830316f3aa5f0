#include "process-facts.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILES 1024

static size_t read_file(const char *path, char *into, size_t size);
static void read_command_line(struct process_facts *facts);
static long read_uptime(pid_t pid);
static void read_ids(struct process_facts *facts);
static void read_maps(struct process_facts *facts);
static int by_number(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

void process_facts_read(pid_t pid, struct process_facts *facts) {
  char path[64];
  memset(facts, 0, sizeof *facts);
  facts->pid = pid;
  read_command_line(facts);
  read_ids(facts);
  facts->uptime_s = read_uptime(pid);
  read_maps(facts);
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  facts->memory = open(path, O_RDONLY | O_CLOEXEC);
}

void process_thread_name(pid_t pid, pid_t tid, char name[32]) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d/comm", pid, tid);
  read_file(path, name, 32);
  name[strcspn(name, "\n")] = 0;
}

void process_open_files(pid_t pid, void (*each)(int number, const char *path)) {
  int numbers[MAX_FILES];
  size_t count = 0;
  char folder[64], path[96], target[512];
  snprintf(folder, sizeof folder, "/proc/%d/fd", pid);
  DIR *files = opendir(folder);
  struct dirent *entry;
  while (files && count < MAX_FILES && (entry = readdir(files))) {
    if (*entry->d_name != '.') numbers[count++] = atoi(entry->d_name);
  }
  if (files) closedir(files);
  qsort(numbers, count, sizeof *numbers, by_number);
  for (size_t i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/%d", folder, numbers[i]);
    ssize_t size = readlink(path, target, sizeof target - 1);
    if (size < 0) continue;
    target[size] = 0;
    each(numbers[i], target);
  }
}

const struct memory_map *process_map_at(const struct process_facts *facts, uint64_t address) {
  for (size_t i = 0; i < facts->map_count; i++) {
    if (address >= facts->maps[i].start && address < facts->maps[i].end) return &facts->maps[i];
  }
  return NULL;
}

size_t process_memory(const struct process_facts *facts, uint64_t address, void *into, size_t size) {
  ssize_t got = facts->memory < 0 ? -1 : pread(facts->memory, into, size, (off_t)address);
  return got < 0 ? 0 : (size_t)got;
}

static void read_command_line(struct process_facts *facts) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/cmdline", facts->pid);
  size_t size = read_file(path, text, sizeof text);
  facts->program = strdup(size ? text : "<unknown>");
  for (size_t i = 0; i + 1 < size; i++) {
    if (text[i] == 0) text[i] = ' ';
  }
  facts->command_line = strdup(size ? text : "<unknown>");
}

static void read_ids(struct process_facts *facts) {
  char path[64];
  struct stat owner;
  snprintf(path, sizeof path, "/proc/%d", facts->pid);
  if (stat(path, &owner) != 0) return;
  facts->uid = owner.st_uid;
  facts->gid = owner.st_gid;
}

static long read_uptime(pid_t pid) {
  char path[64], text[1024];
  unsigned long long started = 0;
  struct timespec now;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  read_file(path, text, sizeof text);
  const char *rest = strrchr(text, ')');
  /* Behind the name, the 20th: ticks from the machine's start. */
  for (int field = 2; rest && field < 22; field++) rest = strchr(rest + 1, ' ');
  if (rest) sscanf(rest, " %llu", &started);
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec - (long)(started / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static void read_maps(struct process_facts *facts) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/maps", facts->pid);
  facts->maps = calloc(MAX_MAPS, sizeof *facts->maps);
  FILE *file = facts->maps ? fopen(path, "re") : NULL;
  while (file && facts->map_count < MAX_MAPS && fgets(line, sizeof line, file)) {
    struct memory_map *map = &facts->maps[facts->map_count];
    unsigned long long start, end, offset;
    char access[5];
    int name = 0;
    if (sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, access, &offset, &name) < 4 || name == 0) continue;
    line[strcspn(line, "\n")] = 0;
    *map = (struct memory_map){.start = start, .end = end, .offset = offset, .name = strdup(line + name)};
    memcpy(map->access, access, 3);
    facts->map_count++;
  }
  if (file) fclose(file);
}

/* Ends what it reads with a NUL. */
static size_t read_file(const char *path, char *into, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? 0 : read(fd, into, size - 1);
  if (fd >= 0) close(fd);
  if (got < 0) got = 0;
  into[got] = 0;
  return (size_t)got;
}
