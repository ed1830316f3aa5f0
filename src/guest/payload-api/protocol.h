/* What libvm_payload.so and microdroid_manager say to each other: one packet each way over a SOCK_SEQPACKET socket. */
#ifndef VM_PAYLOAD_PROTOCOL_H
#define VM_PAYLOAD_PROTOCOL_H

#define PAYLOAD_SOCKET "/dev/socket/vm_payload_service"
#define PAYLOAD_REQUEST_READY "ready"
#define PAYLOAD_ANSWER_OK "ok"

#endif
