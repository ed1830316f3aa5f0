/* What a crash report says of one thread: who it is, its registers, where it is. */
#ifndef CRASH_DUMP_THREADS_H
#define CRASH_DUMP_THREADS_H
#include "../process/core.h"
#include "../process/process-facts.h"

#define REGISTER_COUNT 17

struct named_register {
  const char *name;
  uint64_t value;
};

/* In Android's order; `rbp`, `rsp` and `rip` are the last. */
void threads_registers(const struct core_thread *thread, struct named_register registers[REGISTER_COUNT]);
void threads_write_header(const struct process_facts *facts, pid_t tid, bool logged);
void threads_write_state(const struct core_thread *thread, bool logged, const char *unwound);
#endif
