/* A VM that others are copied from: its kernel is up, its drivers have found their devices, and the system image, which
 * is the same for all VMs, is mounted; but nothing that is specific to a VM was used. */
#ifndef GUEST_TEMPLATE_H
#define GUEST_TEMPLATE_H
#include <stdbool.h>

/* Tells the VMM over the failure port that a copy may be made here, and returns in the copy: with its clock set, its own
 * CID, and without what the kernel read of the template's disks while it looked for partitions.
 * False: the port did not answer as it should. A copy that cannot become a VM of its own fails. */
bool template_wait(void);
#endif
