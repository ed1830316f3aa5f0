/* Signals as Android's crash reports name them (debuggerd's utility.cpp). */
#ifndef CRASH_DUMP_SIGNAL_NAMES_H
#define CRASH_DUMP_SIGNAL_NAMES_H
#include <signal.h>
#include <stdbool.h>

/* Whether Android reports the end by this signal at all. */
bool signal_is_reported(int number);
const char *signal_name(int number);
const char *signal_code_name(const siginfo_t *info);
bool signal_has_address(const siginfo_t *info);
/* Whether a process sent it, another one than `pid`. */
bool signal_has_sender(const siginfo_t *info, int pid);
#endif
