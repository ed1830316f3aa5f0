/* The kernel command line. */
#ifndef GUEST_CMDLINE_H
#define GUEST_CMDLINE_H
#include <stdbool.h>
#include <stddef.h>

/* Value of `name=` on the kernel command line; NULL when absent. Reads /proc/cmdline once. */
const char *kernel_parameter(const char *name);
/* Calls `visit` for every `name=value` of the command line. */
void kernel_parameters(void (*visit)(const char *name, const char *value, void *context), void *context);
#endif
