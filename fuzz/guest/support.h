/* What the targets share. */
#ifndef FUZZ_SUPPORT_H
#define FUZZ_SUPPORT_H
#include "../../src/guest/apk/bytes.h"
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A file in memory with this content, the same one each time. */
int file_of(const uint8_t *data, size_t size);
/* A copy of exactly its size, so that a read beyond its end is detected; the caller frees it. */
uint8_t *copy_of(const uint8_t *data, size_t size);
/* The parser accepted the whole input: reported on stderr if FUZZ_TELL is set, so that seeds can be checked. */
void accepted(void);
/* Frees what was allocated through tracked.h. */
void free_tracked(void);
/* Reads every byte, so that a range outside its input is detected. */
void read_all(struct bytes bytes);
#endif
