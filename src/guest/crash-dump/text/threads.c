#include "threads.h"
#include "report.h"
#include "../process/unwinder.h"
#include <stdio.h>
#include <string.h>

#define COLUMNS 4
#define SPECIAL 3

static void write_registers(const struct core_thread *thread, bool logged);
static void write_row(const struct named_register *registers, size_t count, bool logged);
static void write_frame(size_t index, const struct frame *frame, bool logged);

void threads_registers(const struct core_thread *thread, struct named_register registers[REGISTER_COUNT]) {
  const struct user_regs_struct *r = &thread->registers;
  const struct named_register all[REGISTER_COUNT] = {
      {"rax", r->rax}, {"rbx", r->rbx}, {"rcx", r->rcx}, {"rdx", r->rdx}, {"r8", r->r8},   {"r9", r->r9},
      {"r10", r->r10}, {"r11", r->r11}, {"r12", r->r12}, {"r13", r->r13}, {"r14", r->r14}, {"r15", r->r15},
      {"rdi", r->rdi}, {"rsi", r->rsi}, {"rbp", r->rbp}, {"rsp", r->rsp}, {"rip", r->rip}};
  memcpy(registers, all, sizeof all);
}

void threads_write_header(const struct process_facts *facts, pid_t tid, bool logged) {
  char name[32];
  process_thread_name(facts->pid, tid, name);
  report_either(logged, "Cmdline: %s", facts->command_line);
  report_either(logged, "pid: %d, tid: %d, name: %s  >>> %s <<<", facts->pid, tid, name, facts->program);
  report_either(logged, "uid: %d", (int)facts->uid);
}

void threads_write_state(const struct core_thread *thread, bool logged, const char *unwound) {
  static struct frame frames[MAX_FRAMES];
  write_registers(thread, logged);
  size_t count = unwinder_frames(thread->tid, frames);
  report_line("%s", "");
  report_either(logged, "%zu total frames", count);
  report_either(logged, "backtrace:");
  if (unwound) report_either(logged, "  NOTE: There is no backtrace: %s", unwound);
  for (size_t i = 0; i < count; i++) write_frame(i, &frames[i], logged);
}

static void write_registers(const struct core_thread *thread, bool logged) {
  struct named_register registers[REGISTER_COUNT];
  threads_registers(thread, registers);
  const size_t ordinary = REGISTER_COUNT - SPECIAL;
  for (size_t at = 0; at < ordinary; at += COLUMNS)
    write_row(registers + at, ordinary - at < COLUMNS ? ordinary - at : COLUMNS, logged);
  write_row(registers + ordinary, SPECIAL, logged);
}

static void write_row(const struct named_register *registers, size_t count, bool logged) {
  char row[128] = "  ";
  for (size_t i = 0; i < count; i++) {
    size_t used = strlen(row);
    snprintf(row + used, sizeof row - used, "  %-3s %016lx", registers[i].name, (unsigned long)registers[i].value);
  }
  report_either(logged, "%s", row);
}

static void write_frame(size_t index, const struct frame *frame, bool logged) {
  char file[512] = "<unknown>", function[MAX_NAME + 32] = "", build_id[MAX_BUILD_ID + 16] = "";
  if (frame->map && *frame->map->name) snprintf(file, sizeof file, "%s", frame->map->name);
  else if (frame->map) snprintf(file, sizeof file, "<anonymous:%lx>", (unsigned long)frame->map->start);
  if (*frame->function)
    snprintf(function, sizeof function, " (%s+%lu)", frame->function, (unsigned long)frame->function_offset);
  if (*frame->build_id) snprintf(build_id, sizeof build_id, " (BuildId: %s)", frame->build_id);
  report_either(logged, "      #%02zu pc %016lx  %s%s%s", index, (unsigned long)frame->file_pc, file, function, build_id);
}
