/* The report of a crash in the text format of Android's debuggerd (tombstone_proto_to_text.cpp). */
#ifndef CRASH_DUMP_TOMBSTONE_H
#define CRASH_DUMP_TOMBSTONE_H
#include "../process/core.h"
#include "../process/process-facts.h"

/* @param unwound NULL, or why there are no backtraces */
void tombstone_write(const struct process_facts *facts, const struct core *core, const char *unwound);
#endif
