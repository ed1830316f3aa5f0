/* The log of the VM's programs, as Android's logd keeps it: what liblog writes is shown on the VM's log port, and its last
 * lines are there for logcat and for crash reports. */
#ifndef GUEST_LOGD_H
#define GUEST_LOGD_H
#include <stdbool.h>
#include <sys/types.h>

/* A process of its own from now on. */
void logd_start(void);
/* A child ended: true when that was the log, which is started again then. */
bool logd_ended(pid_t pid);
#endif
