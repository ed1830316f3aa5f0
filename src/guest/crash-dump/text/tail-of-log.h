/* What a process wrote into the VM's log, in a crash report. */
#ifndef CRASH_DUMP_TAIL_OF_LOG_H
#define CRASH_DUMP_TAIL_OF_LOG_H
#include <sys/types.h>

/* The last lines of each buffer; 0: all. */
void tail_of_log_write(pid_t pid, unsigned lines);
#endif
