/* What the targets share. */
#ifndef FUZZ_SUPPORT_H
#define FUZZ_SUPPORT_H
#include "../../src/guest/apk/bytes.h"
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A file in memory with this content, the same one each time. */
int file_of(const uint8_t *data, size_t size);
/* A copy of its own size, so that a read beyond its end is seen; the caller frees it. */
uint8_t *copy_of(const uint8_t *data, size_t size);
/* The parser took the whole input: said on stderr where FUZZ_TELL is set, so that seeds can be held to it. */
void accepted(void);
/* Frees what was allocated through tracked.h. */
void free_tracked(void);
/* Reads every byte: a range that leads out of its input is seen. */
void read_all(struct bytes bytes);
#endif
