#include "signal-names.h"
#include <stddef.h>

struct name {
  int number;
  const char *text;
};

#define NAME(value) {value, #value}
#define END {0, NULL}

static const struct name signals[] = {NAME(SIGABRT), NAME(SIGBUS), NAME(SIGFPE), NAME(SIGILL), NAME(SIGSEGV),
                                      NAME(SIGSTKFLT), NAME(SIGSYS), NAME(SIGTRAP), END};
static const struct name bus[] = {NAME(BUS_ADRALN), NAME(BUS_ADRERR), NAME(BUS_OBJERR), NAME(BUS_MCEERR_AR),
                                  NAME(BUS_MCEERR_AO), END};
static const struct name fpe[] = {NAME(FPE_INTDIV), NAME(FPE_INTOVF), NAME(FPE_FLTDIV), NAME(FPE_FLTOVF),
                                  NAME(FPE_FLTUND), NAME(FPE_FLTRES), NAME(FPE_FLTINV), NAME(FPE_FLTSUB), END};
static const struct name ill[] = {NAME(ILL_ILLOPC), NAME(ILL_ILLOPN), NAME(ILL_ILLADR), NAME(ILL_ILLTRP),
                                  NAME(ILL_PRVOPC), NAME(ILL_PRVREG), NAME(ILL_COPROC), NAME(ILL_BADSTK), END};
static const struct name segv[] = {NAME(SEGV_MAPERR), NAME(SEGV_ACCERR), NAME(SEGV_BNDERR), NAME(SEGV_PKUERR), END};
static const struct name trap[] = {NAME(TRAP_BRKPT), NAME(TRAP_TRACE), NAME(TRAP_BRANCH), NAME(TRAP_HWBKPT), END};
static const struct name sys[] = {{1, "SYS_SECCOMP"}, END};
/* Of any signal. */
static const struct name common[] = {NAME(SI_USER),    NAME(SI_KERNEL), NAME(SI_QUEUE),  NAME(SI_TIMER), NAME(SI_MESGQ),
                                     NAME(SI_ASYNCIO), NAME(SI_SIGIO),  NAME(SI_TKILL), NAME(SI_DETHREAD), {-60, NULL}};

static const char *find(const struct name *names, int number) {
  for (; names->text; names++) {
    if (names->number == number) return names->text;
  }
  return NULL;
}

bool signal_is_reported(int number) { return find(signals, number) != NULL; }

const char *signal_name(int number) {
  const char *name = find(signals, number);
  return name ? name : "?";
}

const char *signal_code_name(const siginfo_t *info) {
  const struct name *own = info->si_signo == SIGBUS    ? bus
                           : info->si_signo == SIGFPE  ? fpe
                           : info->si_signo == SIGILL  ? ill
                           : info->si_signo == SIGSEGV ? segv
                           : info->si_signo == SIGTRAP ? trap
                           : info->si_signo == SIGSYS  ? sys
                                                       : NULL;
  const char *name = own ? find(own, info->si_code) : NULL;
  if (!name) name = find(common, info->si_code);
  return name ? name : "?";
}

bool signal_has_address(const siginfo_t *info) {
  if (info->si_code == SI_USER || info->si_code == SI_QUEUE || info->si_code == SI_TKILL) return false;
  switch (info->si_signo) {
  case SIGBUS:
  case SIGFPE:
  case SIGILL:
  case SIGSEGV:
  case SIGTRAP:
    return true;
  default:
    return false;
  }
}

bool signal_has_sender(const siginfo_t *info, int pid) {
  return info->si_code <= 0 && info->si_pid != 0 && info->si_pid != pid;
}
