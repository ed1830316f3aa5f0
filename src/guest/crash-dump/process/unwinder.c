#include "unwinder.h"
#include "libdw.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libdw.so.1"
/* DWARF's registers 0 to 16 of x86-64; the last is the return address. */
#define REGISTERS 17

#define DECLARE(result, name, arguments) static result(*name) arguments;
LIBDW_FUNCTIONS(DECLARE)

struct walk {
  struct frame *frames;
  size_t count;
};
struct search {
  const char *name;
  uint64_t address;
};

static Dwfl *dwfl;
static const struct process_facts *process;
static const struct core *threads;

static const char *load(void);
static int find_no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                             const char *link, uint32_t sum, char **path);
static pid_t next_thread(Dwfl *of, void *argument, void **thread);
static bool read_word(Dwfl *of, Dwarf_Addr address, Dwarf_Word *word, void *argument);
static bool set_registers(Dwfl_Thread *thread, void *argument);
static int add_frame(Dwfl_Frame *state, void *argument);
static void describe(struct frame *frame, Dwarf_Addr pc);
static int look_for(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, void *argument);

const char *unwinder_open(const struct process_facts *facts, const struct core *core) {
  static Dwfl_Callbacks callbacks = {.find_debuginfo = find_no_debuginfo};
  static const Dwfl_Thread_Callbacks access = {
      .next_thread = next_thread, .memory_read = read_word, .set_initial_registers = set_registers};
  process = facts;
  threads = core;
  const char *error = load();
  if (error) return error;
  callbacks.find_elf = dwfl_linux_proc_find_elf;
  Dwfl *opened = dwfl_begin(&callbacks);
  if (!opened || dwfl_linux_proc_report(opened, facts->pid) != 0 || dwfl_report_end(opened, NULL, NULL) != 0 ||
      !dwfl_attach_state(opened, NULL, facts->pid, &access, NULL))
    return dwfl_errmsg(-1);
  dwfl = opened;
  return NULL;
}

size_t unwinder_frames(pid_t tid, struct frame *frames) {
  struct walk walk = {.frames = frames};
  if (dwfl) dwfl_getthread_frames(dwfl, tid, add_frame, &walk);
  return walk.count;
}

void unwinder_build_id(uint64_t address, char build_id[MAX_BUILD_ID]) {
  const unsigned char *bits;
  Dwarf_Addr at, bias;
  *build_id = 0;
  Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address) : NULL;
  if (!module || !dwfl_module_getelf(module, &bias)) return;
  int size = dwfl_module_build_id(module, &bits, &at);
  for (int i = 0; i < size && 2 * i + 2 < MAX_BUILD_ID; i++) snprintf(build_id + 2 * i, 3, "%02x", bits[i]);
}

uint64_t unwinder_symbol(const char *name) {
  struct search search = {.name = name};
  if (dwfl) dwfl_getmodules(dwfl, look_for, &search, 0);
  return search.address;
}

static const char *load(void) {
  void *library = dlopen(LIBRARY, RTLD_NOW);
  if (!library) return dlerror();
#define FIND(result, name, arguments)                                                                                  \
  if (!(name = (result(*) arguments)dlsym(library, #name))) return dlerror();
  LIBDW_FUNCTIONS(FIND)
  return NULL;
}

/* No search for separate debug files: a report is made at once, from what the VM has. */
static int find_no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                             const char *link, uint32_t sum, char **path) {
  (void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)sum, (void)path;
  return -1;
}

static pid_t next_thread(Dwfl *of, void *argument, void **thread) {
  (void)of, (void)argument;
  const struct core_thread *last = *thread;
  const struct core_thread *next = last ? last + 1 : threads->threads;
  if (next == threads->threads + threads->thread_count) return 0;
  *thread = (void *)next;
  return next->tid;
}

static bool read_word(Dwfl *of, Dwarf_Addr address, Dwarf_Word *word, void *argument) {
  (void)of, (void)argument;
  return process_memory(process, address, word, sizeof *word) == sizeof *word;
}

static bool set_registers(Dwfl_Thread *thread, void *argument) {
  const struct user_regs_struct *regs = &((const struct core_thread *)argument)->registers;
  const Dwarf_Word values[REGISTERS] = {regs->rax, regs->rdx, regs->rcx, regs->rbx, regs->rsi, regs->rdi,
                                        regs->rbp, regs->rsp, regs->r8,  regs->r9,  regs->r10, regs->r11,
                                        regs->r12, regs->r13, regs->r14, regs->r15, regs->rip};
  return dwfl_thread_state_registers(thread, 0, REGISTERS, values);
}

static int add_frame(Dwfl_Frame *state, void *argument) {
  struct walk *walk = argument;
  Dwarf_Addr pc;
  bool interrupted;
  if (!dwfl_frame_pc(state, &pc, &interrupted)) return 1;
  /* A return address belongs to the line behind the call. */
  if (!interrupted && walk->count > 0) pc--;
  describe(&walk->frames[walk->count++], pc);
  return walk->count == MAX_FRAMES;
}

static void describe(struct frame *frame, Dwarf_Addr pc) {
  *frame = (struct frame){.file_pc = pc, .map = process_map_at(process, pc)};
  Dwfl_Module *module = dwfl_addrmodule(dwfl, pc);
  Dwarf_Addr bias;
  if (!module || !dwfl_module_getelf(module, &bias)) return;
  frame->file_pc = pc - bias;
  unwinder_build_id(pc, frame->build_id);
  Elf64_Sym symbol;
  Dwarf_Addr offset, symbol_bias;
  const char *name = dwfl_module_addrinfo(module, pc, &offset, &symbol, NULL, NULL, &symbol_bias);
  if (!name) return;
  snprintf(frame->function, sizeof frame->function, "%s", name);
  frame->function_offset = offset;
}

static int look_for(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, void *argument) {
  (void)data, (void)name, (void)base;
  struct search *search = argument;
  int count = dwfl_module_getsymtab(module);
  for (int i = 1; i < count; i++) {
    Elf64_Sym symbol;
    Dwarf_Addr address;
    uint32_t section;
    const char *found = dwfl_module_getsym_info(module, i, &symbol, &address, &section, NULL, NULL);
    if (!found || symbol.st_shndx == SHN_UNDEF || strncmp(found, search->name, strlen(search->name)) != 0) continue;
    const char rest = found[strlen(search->name)];
    if (rest != 0 && rest != '@') continue;
    search->address = address;
    return 1;
  }
  return 0;
}
