/* Ports of the machine, by way of the kernel: in a copy of a template a process must not touch them itself, for QEMU's TCG
 * takes the TSS that KVM has restored for none, and refuses it. */
#ifndef GUEST_PORT_H
#define GUEST_PORT_H
#include <stdbool.h>
#include <stdint.h>

bool port_put(unsigned port, uint8_t value);
bool port_get(unsigned port, uint8_t *value);
#endif
