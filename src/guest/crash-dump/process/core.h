/* What the kernel tells of a process that a signal ends: the notes of its core, which begin it. */
#ifndef CRASH_DUMP_CORE_H
#define CRASH_DUMP_CORE_H
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/procfs.h>
#include <sys/types.h>
#include <sys/user.h>

#define MAX_THREADS 256

struct core_thread {
  pid_t tid;
  struct user_regs_struct registers;
};

struct core {
  /* The first is the one that the signal was for. */
  struct core_thread threads[MAX_THREADS];
  size_t thread_count;
  siginfo_t signal;
  bool has_signal;
};

/* Reads them from `fd`; false when the input is not a core. */
bool core_read(int fd, struct core *core);
/* The same of bytes in memory. */
bool core_parse_notes(const char *notes, size_t size, struct core *core);
#endif
