/* What libvm_payload.so and microdroid_manager say to each other: one packet each way over a SOCK_SEQPACKET socket.
 * A request is one byte that tells what is asked, then its data; an answer is one byte of status, then its data. */
#ifndef VM_PAYLOAD_PROTOCOL_H
#define VM_PAYLOAD_PROTOCOL_H

#define PAYLOAD_SOCKET "/dev/socket/vm_payload_service"
#define PAYLOAD_MAX_PACKET 8320
/* A secret of a VM is at most this long, as in Android. */
#define PAYLOAD_MAX_SECRET 32

enum payload_request {
  PAYLOAD_NOTIFY_READY = 'r',
  /* Data: number of bytes wanted (one byte), then the identifier. Answer: the bytes. */
  PAYLOAD_INSTANCE_SECRET = 's',
  /* Data: name, `=`, value. Set if whoever asks may. */
  PAYLOAD_SET_PROPERTY = 'p',
  /* Answers: the bytes, as many as there are. */
  PAYLOAD_DICE_CHAIN = 'd',
  PAYLOAD_DICE_CDI = 'c',
  /* Answer: one byte, 1 or 0. */
  PAYLOAD_IS_NEW_INSTANCE = 'n',
};

enum payload_status {
  PAYLOAD_OK = 0,
  PAYLOAD_FAILED = 1,
};

#endif
