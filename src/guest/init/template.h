/* A VM that others are copied from: its kernel is up, its drivers are loaded, but it has not looked at a disk, at its
 * CID or at anything else that is its own. */
#ifndef GUEST_TEMPLATE_H
#define GUEST_TEMPLATE_H
#include <stdbool.h>

/* Tells the VMM over the failure port that a copy may be made here, and comes back in the copy, with its clock set.
 * False: the port did not answer as it should. */
bool template_wait(void);
#endif
