/* Reports of processes that a signal ended: src/guest/crash-dump makes them. */
#ifndef GUEST_CRASH_REPORTS_H
#define GUEST_CRASH_REPORTS_H
#include <stdbool.h>

/* From now on each crash leaves a report in the log. */
void crash_reports_start(void);
/* Sets whether reports are sent to the device as well. */
void crash_reports_export(bool enabled);
#endif
