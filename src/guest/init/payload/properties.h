/* System properties that a VM starts with. */
#ifndef GUEST_PROPERTIES_H
#define GUEST_PROPERTIES_H
#include <stdbool.h>

/* Writes them; getprop and setprop read and write them from then on (src/guest/properties). */
bool properties_init(int release, bool debuggable, bool adb);
#endif
