/* The end of the machine. */
#ifndef GUEST_POWEROFF_H
#define GUEST_POWEROFF_H

/* Ends every process, flushes what can be written, and powers the VM off. Never returns. */
_Noreturn void power_off(void);
#endif
