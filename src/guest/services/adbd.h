/* The guest's adbd, on vsock port 5555. As Android's init does, it is started long before the payload. */
#ifndef GUEST_ADBD_H
#define GUEST_ADBD_H
#include <stdbool.h>
#include <sys/types.h>

/* Starts adbd; from now on it is started again when it ends. */
void adbd_start(void);
/* Waits until it accepts connections; logs it when adbd ended or some seconds passed first. Returns at once without adbd. */
void adbd_wait(void);
/* Milliseconds until it is to be started again; -1 when nothing is to be done. */
int adbd_due_ms(void);
/* Starts it again when that is due. */
void adbd_keep(void);
/* A child ended: true when that was adbd. */
bool adbd_ended(pid_t pid);
#endif
