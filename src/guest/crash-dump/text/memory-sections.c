#include "memory-sections.h"
#include "report.h"
#include "../process/signal-names.h"
#include "threads.h"
#include "../process/unwinder.h"
#include <stdio.h>
#include <string.h>

#define NEAR_BYTES 256
#define NEAR_BEFORE 32
#define ROW_BYTES 16
#define LOWEST_ADDRESS 4096

static void write_near(const struct process_facts *facts, const struct named_register *value);
static void write_row(uint64_t address, const uint8_t *bytes, size_t size);
static void write_entry(const struct memory_map *map, const char *lead);
static const char *pointer(uint64_t address, char text[32]);

void memory_write_near_registers(const struct process_facts *facts, const struct core_thread *thread) {
  struct named_register registers[REGISTER_COUNT];
  threads_registers(thread, registers);
  for (size_t i = 0; i < REGISTER_COUNT; i++) write_near(facts, &registers[i]);
}

void memory_write_map(const struct process_facts *facts, const struct core *core) {
  char at[32];
  size_t count = facts->map_count;
  bool marks = core->has_signal && signal_has_address(&core->signal);
  uint64_t fault = (uint64_t)core->signal.si_addr;
  if (count == 0) return report_line("No memory maps found");
  bool before = marks && fault < facts->maps[0].start;
  report_line("memory map (%zu %s):%s", count, count == 1 ? "entry" : "entries",
              marks && !before ? " (fault address prefixed with --->)" : "");
  if (before) report_line("--->Fault address falls at %s before any mapped regions", pointer(fault, at));
  bool marked = !marks || before;
  for (size_t i = 0; i < count; i++) {
    const struct memory_map *map = &facts->maps[i];
    bool inside = !marked && fault >= map->start && fault < map->end;
    if (!marked && fault < map->start)
      report_line("--->Fault address falls at %s between mapped regions", pointer(fault, at));
    marked = marked || inside || fault < map->start;
    write_entry(map, inside ? "--->" : "    ");
  }
  if (!marked) report_line("--->Fault address falls at %s after any mapped regions", pointer(fault, at));
}

static void write_near(const struct process_facts *facts, const struct named_register *value) {
  uint8_t bytes[NEAR_BYTES];
  uint64_t start = value->value & ~(uint64_t)7;
  if (start < LOWEST_ADDRESS) return;
  start -= NEAR_BEFORE;
  size_t size = process_memory(facts, start, bytes, sizeof bytes);
  /* What precedes it may not be mapped. */
  uint64_t page = (value->value & ~(uint64_t)4095);
  if (size == 0 && page > start) size = process_memory(facts, start = page, bytes, sizeof bytes);
  if (size == 0) return;
  const struct memory_map *map = process_map_at(facts, value->value);
  report_line("%s", "");
  if (map && *map->name) report_line("memory near %s (%s):", value->name, map->name);
  else report_line("memory near %s:", value->name);
  for (size_t at = 0; at < size; at += ROW_BYTES)
    write_row(start + at, bytes + at, size - at < ROW_BYTES ? size - at : ROW_BYTES);
}

static void write_row(uint64_t address, const uint8_t *bytes, size_t size) {
  char words[64] = "", ascii[ROW_BYTES + 1];
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
    size_t used = strlen(words);
    snprintf(words + used, sizeof words - used, " %016lx", (unsigned long)word);
  }
  memset(ascii, '.', ROW_BYTES);
  ascii[ROW_BYTES] = 0;
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] >= 0x20 && bytes[i] < 0x7f) ascii[i] = (char)bytes[i];
  }
  report_line("    %016lx%s  %s", (unsigned long)address, words, ascii);
}

static void write_entry(const struct memory_map *map, const char *lead) {
  char start[32], end[32], build_id[MAX_BUILD_ID] = "", name[640] = "";
  if (*map->name == '/') unwinder_build_id(map->start, build_id);
  if (*map->name) snprintf(name, sizeof name, "  %.512s", map->name);
  if (*build_id) snprintf(name + strlen(name), sizeof name - strlen(name), " (BuildId: %s)", build_id);
  report_line("%s%s-%s %s  %8lx  %8lx%s", lead, pointer(map->start, start), pointer(map->end - 1, end), map->access,
              (unsigned long)map->offset, (unsigned long)(map->end - map->start), name);
}

static const char *pointer(uint64_t address, char text[32]) {
  snprintf(text, 32, "%08lx'%08lx", (unsigned long)(address >> 32), (unsigned long)(address & 0xffffffff));
  return text;
}
