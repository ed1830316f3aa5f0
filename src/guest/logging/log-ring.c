#include "log-ring.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_ENTRIES 4096
#define MAX_BYTES (512u << 10)
#define MAX_FOLLOWERS 8

struct wanted {
  unsigned buffers;
  int pid;
  unsigned tail;
};

struct entry {
  struct log_entry header;
  char payload[];
};

static struct entry *entries[MAX_ENTRIES];
static unsigned first, count;
static size_t bytes;
static struct {
  int fd;
  struct wanted wanted;
} followers[MAX_FOLLOWERS];
static unsigned follower_count;

static struct wanted parse(char *request);
static bool fits(const struct wanted *wanted, const struct entry *entry);
static bool send_entry(int fd, const struct entry *entry, int flags);
static void dump(int fd, const struct wanted *wanted);
static void drop_oldest(void);
static struct entry *at(unsigned index) { return entries[(first + index) % MAX_ENTRIES]; }

void log_ring_add(const struct log_record *record, const char *payload, size_t size) {
  struct entry *entry = malloc(sizeof *entry + size);
  if (!entry) return;
  entry->header = (struct log_entry){.payload_size = (uint16_t)size,
                                     .header_size = sizeof entry->header,
                                     .pid = record->pid,
                                     .tid = record->header.tid,
                                     .seconds = record->header.seconds,
                                     .nanoseconds = record->header.nanoseconds,
                                     .buffer = record->header.buffer,
                                     .uid = record->uid};
  memcpy(entry->payload, payload, size);
  while (count == MAX_ENTRIES || (count > 0 && bytes + size > MAX_BYTES)) drop_oldest();
  entries[(first + count++) % MAX_ENTRIES] = entry;
  bytes += size;
  for (unsigned i = 0; i < follower_count; i++) {
    if (!fits(&followers[i].wanted, entry) || send_entry(followers[i].fd, entry, MSG_DONTWAIT)) continue;
    /* Gone, or too slow to wait for. */
    close(followers[i].fd);
    followers[i--] = followers[--follower_count];
  }
}

void log_ring_answer(int client, char *request) {
  struct wanted wanted = parse(request);
  dump(client, &wanted);
  if (strncmp(request, "stream", 6) != 0 || follower_count == MAX_FOLLOWERS) {
    close(client);
    return;
  }
  followers[follower_count].fd = client;
  followers[follower_count++].wanted = wanted;
}

static struct wanted parse(char *request) {
  struct wanted wanted = {.buffers = ~0u};
  for (char *word = strtok(request + strcspn(request, " "), " "); word; word = strtok(NULL, " ")) {
    if (strncmp(word, "pid=", 4) == 0) wanted.pid = atoi(word + 4);
    if (strncmp(word, "tail=", 5) == 0) wanted.tail = (unsigned)strtoul(word + 5, NULL, 10);
    if (strncmp(word, "lids=", 5) != 0) continue;
    wanted.buffers = 0;
    for (char *digit = word + 5; *digit; digit++) {
      if (*digit >= '0' && *digit < '0' + LOG_BUFFERS) wanted.buffers |= 1u << (*digit - '0');
    }
  }
  return wanted;
}

static bool fits(const struct wanted *wanted, const struct entry *entry) {
  return wanted->buffers >> entry->header.buffer & 1 && (wanted->pid == 0 || wanted->pid == entry->header.pid);
}

static void dump(int fd, const struct wanted *wanted) {
  unsigned fitting = 0, seen = 0;
  for (unsigned i = 0; i < count; i++) fitting += fits(wanted, at(i));
  for (unsigned i = 0; i < count; i++) {
    if (!fits(wanted, at(i)) || (wanted->tail && fitting - seen++ > wanted->tail)) continue;
    if (!send_entry(fd, at(i), 0)) return;
  }
}

static bool send_entry(int fd, const struct entry *entry, int flags) {
  size_t size = sizeof entry->header + entry->header.payload_size;
  return send(fd, entry, size, MSG_NOSIGNAL | flags) == (ssize_t)size;
}

static void drop_oldest(void) {
  bytes -= at(0)->header.payload_size;
  free(at(0));
  first = (first + 1) % MAX_ENTRIES;
  count--;
}
