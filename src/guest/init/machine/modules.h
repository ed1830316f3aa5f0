/* Kernel modules, in the order that the image builder wrote down. */
#ifndef GUEST_MODULES_H
#define GUEST_MODULES_H
#include <stdbool.h>

/* Loads every module of `<folder>/<group>.list`. Returns false with errno set, and the name in `failed`, at the first
 * one that cannot be loaded. A module that is there already is no failure. */
bool modules_load(const char *folder, const char *group, char failed[64]);
#endif
