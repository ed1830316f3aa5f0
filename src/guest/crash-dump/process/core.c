#include "core.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_NOTES (4u << 20)
#define MAX_HEADERS (1u << 20)
#ifndef NT_SIGINFO
#define NT_SIGINFO 0x53494749
#endif

static bool read_all(int fd, void *into, size_t size);
static bool skip(int fd, size_t size);
static void take(const char *data, size_t size, unsigned type, struct core *core);
static size_t padded(size_t size) { return (size + 3) & ~(size_t)3; }

bool core_read(int fd, struct core *core) {
  Elf64_Ehdr header;
  if (!read_all(fd, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  size_t table = (size_t)header.e_phnum * sizeof(Elf64_Phdr);
  if (header.e_type != ET_CORE || header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff != sizeof header ||
      table > MAX_HEADERS)
    return false;
  Elf64_Phdr *segments = malloc(table + 1);
  bool sound = segments && read_all(fd, segments, table);
  for (size_t i = 0; sound && i < header.e_phnum; i++) {
    if (segments[i].p_type != PT_NOTE) continue;
    size_t at = sizeof header + table;
    size_t size = segments[i].p_filesz;
    sound = segments[i].p_offset >= at && size <= MAX_NOTES && skip(fd, segments[i].p_offset - at);
    char *notes = sound ? malloc(size + 1) : NULL;
    sound = notes && read_all(fd, notes, size) && core_parse_notes(notes, size, core);
    free(notes);
    break;
  }
  free(segments);
  return sound && core->thread_count > 0;
}

bool core_parse_notes(const char *notes, size_t size, struct core *core) {
  while (size >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    memcpy(&note, notes, sizeof note);
    if (note.n_namesz > size || note.n_descsz > size) return false;
    size_t name = padded(note.n_namesz), data = padded(note.n_descsz);
    if (sizeof note + name + data > size) return false;
    take(notes + sizeof note + name, note.n_descsz, note.n_type, core);
    notes += sizeof note + name + data;
    size -= sizeof note + name + data;
  }
  return true;
}

static void take(const char *data, size_t size, unsigned type, struct core *core) {
  struct elf_prstatus status;
  if (type == NT_PRSTATUS && size == sizeof status && core->thread_count < MAX_THREADS) {
    memcpy(&status, data, sizeof status);
    struct core_thread *thread = &core->threads[core->thread_count++];
    thread->tid = status.pr_pid;
    _Static_assert(sizeof thread->registers == sizeof status.pr_reg, "the kernel's registers");
    memcpy(&thread->registers, &status.pr_reg, sizeof thread->registers);
  } else if (type == NT_SIGINFO && size <= sizeof core->signal) {
    memcpy(&core->signal, data, size);
    core->has_signal = true;
  }
}

static bool read_all(int fd, void *into, size_t size) {
  char *at = into;
  while (size > 0) {
    ssize_t got = read(fd, at, size);
    if (got <= 0) return false;
    at += got;
    size -= (size_t)got;
  }
  return true;
}

static bool skip(int fd, size_t size) {
  char nowhere[4096];
  while (size > 0) {
    size_t part = size < sizeof nowhere ? size : sizeof nowhere;
    if (!read_all(fd, nowhere, part)) return false;
    size -= part;
  }
  return true;
}
