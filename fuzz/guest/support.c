#define _GNU_SOURCE
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct block {
  struct block *next;
  void *memory;
};
static struct block *blocks;

int file_of(const uint8_t *data, size_t size) {
  static int fd = -1;
  if (fd < 0) fd = memfd_create("input", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, (off_t)size) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) abort();
  return fd;
}

uint8_t *copy_of(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  if (size) memcpy(copy, data, size);
  return copy;
}

void accepted(void) {
  static int tell = -1;
  if (tell < 0) tell = getenv("FUZZ_TELL") != NULL;
  if (tell) fputs("fuzz: accepted\n", stderr);
}

static void *track(void *memory) {
  struct block *block = malloc(sizeof *block);
  *block = (struct block){blocks, memory};
  blocks = block;
  return memory;
}

void *tracked_calloc(size_t count, size_t size) { return track(calloc(count, size)); }
void *tracked_malloc(size_t size) { return track(malloc(size)); }

void free_tracked(void) {
  while (blocks) {
    struct block *block = blocks;
    blocks = block->next;
    free(block->memory);
    free(block);
  }
}

void read_all(struct bytes bytes) {
  volatile uint8_t sum = 0;
  for (size_t i = 0; i < bytes.size; i++) sum = (uint8_t)(sum + bytes.data[i]);
}
