/* Sets properties with the caller's rights: root writes them itself, others ask microdroid_manager, which checks. */
#ifndef GUEST_PROPERTY_CLIENT_H
#define GUEST_PROPERTY_CLIENT_H
#include <stdbool.h>
#include <sys/types.h>

/* NULL, or why it was not set. */
const char *property_client_set(const char *name, const char *value);
/* Whether a user may set a property: root and adb's shell all, others those for debugging. */
bool property_may_set(uid_t user, const char *name);
#endif
