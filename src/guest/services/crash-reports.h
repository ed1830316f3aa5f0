/* Reports of processes that a signal ended: src/guest/crash-dump makes them. */
#ifndef GUEST_CRASH_REPORTS_H
#define GUEST_CRASH_REPORTS_H
#include <stdbool.h>

/* From now on there is a report in the log of whatever crashes. */
void crash_reports_start(void);
/* Whether the device gets them as well. */
void crash_reports_export(bool enabled);
#endif
