/* Tracks memory of code that frees nothing, because the guest runs it once: freed after each input. Include this first. */
#ifndef FUZZ_TRACKED_H
#define FUZZ_TRACKED_H
#include <stdlib.h>

void *tracked_calloc(size_t count, size_t size);
void *tracked_malloc(size_t size);
#define calloc tracked_calloc
#define malloc tracked_malloc
#endif
