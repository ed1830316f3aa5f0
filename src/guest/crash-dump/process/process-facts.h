/* What /proc tells of a process that is about to end. */
#ifndef CRASH_DUMP_PROCESS_FACTS_H
#define CRASH_DUMP_PROCESS_FACTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_MAPS 4096

struct memory_map {
  uint64_t start, end, offset;
  char access[4];
  char *name;
};

struct process_facts {
  pid_t pid;
  uid_t uid;
  gid_t gid;
  long uptime_s;
  char *command_line;
  /* Of its first argument. */
  char *program;
  struct memory_map *maps;
  size_t map_count;
  /* Its memory; -1 when it cannot be read. */
  int memory;
};

void process_facts_read(pid_t pid, struct process_facts *facts);
/* Name of a thread; empty when it is gone. */
void process_thread_name(pid_t pid, pid_t tid, char name[32]);
/* Calls back for each open file, in the order of their numbers. */
void process_open_files(pid_t pid, void (*each)(int number, const char *path));
const struct memory_map *process_map_at(const struct process_facts *facts, uint64_t address);
/* Reads as much as there is; returns how much that was. */
size_t process_memory(const struct process_facts *facts, uint64_t address, void *into, size_t size);
#endif
