/* `adb root` and `adb unroot`, which Debian's adbd does not have. */
#ifndef ADBD_ROOT_H
#define ADBD_ROOT_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_PAYLOAD = 4096 };

/* Of adb's protocol. */
struct message {
    uint32_t command, arg0, arg1, size, sum, magic;
    unsigned char data[MAX_PAYLOAD];
};
enum { HEADER = 24 };

/* True for a message that opens such a service. Its data, of `size` bytes, are wanted for the next. */
int may_open_root(const struct message *message);

/*
 * Makes it the same with a program that does the service's work, when that is what it opens. Returns what the host calls
 * the stream then, else 0.
 */
uint32_t open_root(struct message *message);

/*
 * To be called with what comes after: once the host has the program's answer, adbd ends if it is to go on as somebody
 * else, and init starts it again.
 */
void leave_for_root(const struct message *message, uint32_t stream);

#endif
