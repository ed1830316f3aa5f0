/* What a crash report says of a process's memory. */
#ifndef CRASH_DUMP_MEMORY_SECTIONS_H
#define CRASH_DUMP_MEMORY_SECTIONS_H
#include "../process/core.h"
#include "../process/process-facts.h"

/* 256 bytes around each address that a register holds. */
void memory_write_near_registers(const struct process_facts *facts, const struct core_thread *thread);
/* All that is mapped, with a mark where the fault was. */
void memory_write_map(const struct process_facts *facts, const struct core *core);
#endif
