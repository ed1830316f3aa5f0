/* A read-only loop device over a part of a file or disk. */
#ifndef GUEST_LOOP_H
#define GUEST_LOOP_H
#include <stdint.h>

/* Writes the path of the device (`/dev/loopN`). Returns NULL, or what failed. */
const char *loop_attach(const char *file, uint64_t offset, uint64_t size, char path[32]);
#endif
