/* Where the VM's system properties are: a text file of `name=value` lines. */
#ifndef GUEST_PROPERTY_STORE_H
#define GUEST_PROPERTY_STORE_H

#include <stdbool.h>
#include <stddef.h>

#define PROPERTIES_FILE "/dev/__properties__/all"
#define PROPERTY_MAX_LINE 1024

/* Sets one for all readers at once. NULL, or why not. Names that begin with `ro.` are set once only. */
const char *property_set(const char *name, const char *value);
/* Its value as it is now; false when there is no such property, or it does not fit. */
bool property_get(const char *name, char *value, size_t size);
bool property_is(const char *name, const char *value);
#endif
