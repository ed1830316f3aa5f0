/* What Android's liblog and logd say to each other: datagrams to /dev/socket/logdw, entries from /dev/socket/logdr
 * (private/android_logger.h and log/log_read.h of AOSP). */
#ifndef GUEST_LOG_WIRE_H
#define GUEST_LOG_WIRE_H
#include <stdint.h>

#define LOG_WRITE_SOCKET "/dev/socket/logdw"
#define LOG_READ_SOCKET "/dev/socket/logdr"
/* Of what follows the header, as in Android. */
#define LOG_MAX_PAYLOAD 4068

enum log_buffer { LOG_MAIN = 0, LOG_RADIO = 1, LOG_EVENTS = 2, LOG_SYSTEM = 3, LOG_CRASH = 4, LOG_BUFFERS = 8 };

/* Then one byte of priority, the tag, the message, either with its NUL. */
struct __attribute__((packed)) log_header {
  uint8_t buffer;
  uint16_t tid;
  uint32_t seconds;
  uint32_t nanoseconds;
};

/* An entry for who reads the log; the payload follows. */
struct __attribute__((packed)) log_entry {
  uint16_t payload_size;
  uint16_t header_size;
  int32_t pid;
  uint32_t tid;
  uint32_t seconds;
  uint32_t nanoseconds;
  uint32_t buffer;
  uint32_t uid;
};
#endif
