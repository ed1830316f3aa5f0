/* I/O ports, through the kernel: in a copy of a template a process must not use them itself, because QEMU's TCG does not
 * recognize the TSS that KVM has restored, and refuses the access. */
#ifndef GUEST_PORT_H
#define GUEST_PORT_H
#include <stdbool.h>
#include <stdint.h>

bool port_put(unsigned port, uint8_t value);
bool port_get(unsigned port, uint8_t *value);
#endif
