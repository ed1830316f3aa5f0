/* The guest's end of IVirtualMachineService: lines over vsock, each answered before the guest goes on. */
#ifndef GUEST_VMSERVICE_H
#define GUEST_VMSERVICE_H
#include <stdbool.h>

/* Port on which hosts of release 13 listen for every VM; later ones listen on the VM's own CID. */
#define VMSERVICE_PORT_RELEASE_13 5000

/* Connects to the host. Returns NULL, or why that failed. */
const char *vmservice_connect(int release);
/* Each returns whether the host recorded it. */
bool vmservice_started(void);
bool vmservice_ready(void);
bool vmservice_finished(int exit_code);
bool vmservice_error(int code, const char *message);
#endif
