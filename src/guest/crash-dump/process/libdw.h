/* What is used of elfutils' libdw (libdwfl.h), which is loaded at run time: its header is no part of the packages that the
 * image is made of, and without the library a report still has all but the backtrace. */
#ifndef CRASH_DUMP_LIBDW_H
#define CRASH_DUMP_LIBDW_H
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Dwfl Dwfl;
typedef struct Dwfl_Module Dwfl_Module;
typedef struct Dwfl_Thread Dwfl_Thread;
typedef struct Dwfl_Frame Dwfl_Frame;
typedef struct Elf Elf;
typedef uint64_t Dwarf_Addr;
typedef uint64_t Dwarf_Word;

typedef struct {
  int (*find_elf)(Dwfl_Module *, void **, const char *, Dwarf_Addr, char **, Elf **);
  int (*find_debuginfo)(Dwfl_Module *, void **, const char *, Dwarf_Addr, const char *, const char *, uint32_t, char **);
  int (*section_address)(Dwfl_Module *, void **, const char *, Dwarf_Addr, const char *, uint32_t, const Elf64_Shdr *,
                         Dwarf_Addr *);
  char **debuginfo_path;
} Dwfl_Callbacks;

typedef struct {
  pid_t (*next_thread)(Dwfl *, void *, void **);
  bool (*get_thread)(Dwfl *, pid_t, void *, void **);
  bool (*memory_read)(Dwfl *, Dwarf_Addr, Dwarf_Word *, void *);
  bool (*set_initial_registers)(Dwfl_Thread *, void *);
  void (*detach)(Dwfl *, void *);
  void (*thread_detach)(Dwfl_Thread *, void *);
} Dwfl_Thread_Callbacks;

#define LIBDW_FUNCTIONS(X)                                                                                             \
  X(Dwfl *, dwfl_begin, (const Dwfl_Callbacks *))                                                                      \
  X(int, dwfl_linux_proc_report, (Dwfl *, pid_t))                                                                      \
  X(int, dwfl_report_end, (Dwfl *, int (*)(Dwfl_Module *, void *, const char *, Dwarf_Addr, void *), void *))          \
  X(int, dwfl_linux_proc_find_elf, (Dwfl_Module *, void **, const char *, Dwarf_Addr, char **, Elf **))                \
  X(bool, dwfl_attach_state, (Dwfl *, Elf *, pid_t, const Dwfl_Thread_Callbacks *, void *))                            \
  X(int, dwfl_getthread_frames, (Dwfl *, pid_t, int (*)(Dwfl_Frame *, void *), void *))                                \
  X(bool, dwfl_frame_pc, (Dwfl_Frame *, Dwarf_Addr *, bool *))                                                         \
  X(bool, dwfl_thread_state_registers, (Dwfl_Thread *, int, unsigned, const Dwarf_Word *))                             \
  X(Dwfl_Module *, dwfl_addrmodule, (Dwfl *, Dwarf_Addr))                                                              \
  X(const char *, dwfl_module_addrinfo,                                                                                \
    (Dwfl_Module *, Dwarf_Addr, Dwarf_Addr *, Elf64_Sym *, uint32_t *, Elf **, Dwarf_Addr *))                          \
  X(int, dwfl_module_build_id, (Dwfl_Module *, const unsigned char **, Dwarf_Addr *))                                  \
  X(Elf *, dwfl_module_getelf, (Dwfl_Module *, Dwarf_Addr *))                                                          \
  X(int, dwfl_module_getsymtab, (Dwfl_Module *))                                                                       \
  X(const char *, dwfl_module_getsym_info,                                                                             \
    (Dwfl_Module *, int, Elf64_Sym *, Dwarf_Addr *, uint32_t *, Elf **, Dwarf_Addr *))                                 \
  X(ptrdiff_t, dwfl_getmodules,                                                                                        \
    (Dwfl *, int (*)(Dwfl_Module *, void **, const char *, Dwarf_Addr, void *), void *, ptrdiff_t))                    \
  X(int, dwfl_errno, (void))                                                                                           \
  X(const char *, dwfl_errmsg, (int))

#endif
