/* Where the threads of a process are, by elfutils' libdw. */
#ifndef CRASH_DUMP_UNWINDER_H
#define CRASH_DUMP_UNWINDER_H
#include "core.h"
#include "process-facts.h"

#define MAX_FRAMES 256
#define MAX_NAME 256
#define MAX_BUILD_ID 41

struct frame {
  /* As in the file: without the load bias. */
  uint64_t file_pc;
  char function[MAX_NAME];
  uint64_t function_offset;
  /* NULL where nothing is mapped. */
  const struct memory_map *map;
  char build_id[MAX_BUILD_ID];
};

/* Opens the library and looks at what is mapped; without it there are no frames, no build ids, no symbols.
 * NULL, or why not. The process's files are read later, with the rights that this program has then. */
const char *unwinder_open(const struct process_facts *facts, const struct core *core);
/* Frames of a thread, at most MAX_FRAMES; the innermost first. */
size_t unwinder_frames(pid_t tid, struct frame *frames);
/* Of the file that is mapped at an address; empty when it has none. */
void unwinder_build_id(uint64_t address, char build_id[MAX_BUILD_ID]);
/* Address of a variable in whatever file has it; 0 when none does. */
uint64_t unwinder_symbol(const char *name);
#endif
