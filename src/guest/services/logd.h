/* The log of the VM's programs, as Android's logd keeps it: what liblog writes is shown on the VM's log port, and its last
 * lines are there for logcat and for crash reports. */
#ifndef GUEST_LOGD_H
#define GUEST_LOGD_H
#include <stdbool.h>
#include <sys/types.h>

/* Starts the log daemon, in a process of its own. */
void logd_start(void);
/* A child ended: true when that was the log daemon, which is then started again. */
bool logd_ended(pid_t pid);
#endif
