#include "tombstone.h"
#include "memory-sections.h"
#include "report.h"
#include "../process/signal-names.h"
#include "tail-of-log.h"
#include "threads.h"
#include "../process/unwinder.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define RULE "*** *** *** *** *** *** *** *** *** *** *** *** *** *** *** ***"
#define THREAD_RULE "--- --- --- --- --- --- --- --- --- --- --- --- --- --- --- ---"
#define TAIL_LINES 50
#define MAX_ABORT_MESSAGE 1024

static void write_time(void);
static void write_signal(const struct process_facts *facts, const struct core *core);
static const char *cause(const struct process_facts *facts, const struct core *core);
static const char *stack_overflow(const struct process_facts *facts, uint64_t address, uint64_t stack);
static void write_abort_message(const struct process_facts *facts);
static void write_open_file(int number, const char *path) { report_line("    fd %d: %s (unowned)", number, path); }

void tombstone_write(const struct process_facts *facts, const struct core *core, const char *unwound) {
  report_logged("%s", RULE);
  report_logged("Build fingerprint: 'unknown'");
  report_logged("Revision: 'unknown'");
  report_logged("ABI: 'x86_64'");
  write_time();
  report_logged("Process uptime: %lds", facts->uptime_s);
  threads_write_header(facts, core->threads[0].tid, true);
  write_signal(facts, core);
  const char *why = core->has_signal ? cause(facts, core) : NULL;
  if (why) report_logged("Cause: %s", why);
  write_abort_message(facts);
  threads_write_state(&core->threads[0], true, unwound);
  memory_write_near_registers(facts, &core->threads[0]);
  report_line("%s", "");
  memory_write_map(facts, core);
  tail_of_log_write(facts->pid, TAIL_LINES);
  for (size_t i = 1; i < core->thread_count; i++) {
    report_line("%s", THREAD_RULE);
    threads_write_header(facts, core->threads[i].tid, false);
    threads_write_state(&core->threads[i], false, unwound);
    memory_write_near_registers(facts, &core->threads[i]);
  }
  report_line("%s", "");
  report_line("open files:");
  process_open_files(facts->pid, write_open_file);
  tail_of_log_write(facts->pid, 0);
}

static void write_time(void) {
  struct timespec now;
  struct tm parts;
  char day[32];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &parts);
  report_logged("Timestamp: %s.%09ld+0000", day, now.tv_nsec);
}

static void write_signal(const struct process_facts *facts, const struct core *core) {
  const siginfo_t *signal = &core->signal;
  if (!core->has_signal) return report_logged("signal information missing");
  char sender[64] = "", address[32] = "--------";
  if (signal_has_sender(signal, facts->pid))
    snprintf(sender, sizeof sender, " from pid %d, uid %d", signal->si_pid, signal->si_uid);
  if (signal_has_address(signal)) snprintf(address, sizeof address, "0x%016lx", (unsigned long)signal->si_addr);
  report_logged("signal %d (%s), code %d (%s%s), fault addr %s", signal->si_signo, signal_name(signal->si_signo),
                signal->si_code, signal_code_name(signal), sender, address);
}

/* As debuggerd guesses (dump_probable_cause). */
static const char *cause(const struct process_facts *facts, const struct core *core) {
  const siginfo_t *signal = &core->signal;
  uint64_t address = (uint64_t)signal->si_addr, stack = core->threads[0].registers.rsp;
  if (signal->si_signo != SIGSEGV) return NULL;
  if (signal->si_code == SEGV_MAPERR && address < 4096) return "null pointer dereference";
  if (signal->si_code == SEGV_ACCERR) {
    const struct memory_map *map = process_map_at(facts, address);
    if (map && strcmp(map->access, "--x") == 0)
      return "execute-only (no-read) memory access error; likely due to data in .text.";
  } else if (signal->si_code != SEGV_MAPERR) {
    return NULL;
  }
  return stack_overflow(facts, address, stack);
}

static const char *stack_overflow(const struct process_facts *facts, uint64_t address, uint64_t stack) {
  const uint64_t near = 256;
  if ((stack >= address ? stack - address : address - stack) > near) return NULL;
  const struct memory_map *map = process_map_at(facts, stack);
  if (!map) return "stack pointer is in a non-existent map; likely due to stack overflow.";
  if (map->access[0] != 'r' || map->access[1] != 'w')
    return "stack pointer is not in a rw map; likely due to stack overflow.";
  return stack - map->start <= near ? "stack pointer is close to top of stack; likely stack overflow." : NULL;
}

/* What liblog's aborter was told (src/guest/liblog), or what the C library says of assert() and broken memory. */
static void write_abort_message(const struct process_facts *facts) {
  char text[MAX_ABORT_MESSAGE + 1];
  uint64_t at = unwinder_symbol("avf_abort_message");
  size_t size = 0;
  if (!at || process_memory(facts, at, &size, sizeof size) != sizeof size || size == 0) {
    uint64_t message = 0;
    unsigned whole = 0;
    at = unwinder_symbol("__abort_msg");
    if (!at || process_memory(facts, at, &message, sizeof message) != sizeof message || message == 0) return;
    if (process_memory(facts, message, &whole, sizeof whole) != sizeof whole) return;
    at = message + sizeof whole;
    size = whole;
  } else {
    at += sizeof size;
  }
  if (size > MAX_ABORT_MESSAGE) size = MAX_ABORT_MESSAGE;
  size = process_memory(facts, at, text, size);
  text[size] = 0;
  size = strlen(text);
  while (size > 0 && text[size - 1] == '\n') text[--size] = 0;
  if (size > 0) report_logged("Abort message: '%s'", text);
}
