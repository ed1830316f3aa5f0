/* System properties of the VM: a text file of `name=value` lines that getprop and setprop read and write. */
#ifndef GUEST_PROPERTIES_H
#define GUEST_PROPERTIES_H
#include <stdbool.h>

#define PROPERTIES_FILE "/dev/__properties__/all"

/* Writes the properties a VM starts with. */
bool properties_init(int release, bool debuggable, bool adb);
#endif
