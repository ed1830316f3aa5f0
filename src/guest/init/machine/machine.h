/* Small things of a freshly booted machine: clock, random pool, loopback, host name. */
#ifndef GUEST_MACHINE_H
#define GUEST_MACHINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void machine_set_clock(int64_t epoch_seconds);
/* Sets the clock whatever it shows: for a machine that was paused for an unknown time. */
void machine_put_clock(int64_t epoch_ms);
/* Adds secret bytes from the host to the random pool, and counts them as such. */
void machine_add_entropy(const uint8_t *bytes, size_t size);
void machine_start_network(const char *host_name);
/* The CID that the vsock device has now. False, with errno: there is no such device. */
bool machine_cid(unsigned *cid);
#endif
