/*
 * Preloaded into adbd: `adb root` and `adb unroot`, which Debian's adbd answers with nothing. adb opens the service `root:`
 * or `unroot:`, prints the answer, and waits for the device to disconnect and come back if the answer has "restarting" in it
 * (adb's restart_service.cpp). Here adbd opens a program instead, which answers and tells avfd the user for adbd; avfd
 * writes that down for init. adbd itself ends when the host has acknowledged the answer, as Android's does.
 */
#include "adbd-root.h"

#include "adbd-calls.h"

#ifndef PROGRAM
#define PROGRAM "/system/avfd/adb-root"
#endif
/* `root` or `shell`, by avfd; init starts adbd as that user. */
#ifndef USER
#define USER "/run/avfd/adbd.user"
#endif

enum { OPEN = 0x4e45504f, OKAY = 0x59414b4f, CLSE = 0x45534c43 };
enum { LONGEST_NAME = 8 };

static const char *const services[][2] = {
    {"root:", "exec:" PROGRAM " root"},
    {"unroot:", "exec:" PROGRAM " unroot"},
};

static int is(const unsigned char *data, size_t size, const char *name) {
    while (size > 0 && data[size - 1] == 0) size--;
    for (size_t i = 0; i < size; i++)
        if (data[i] != (unsigned char)name[i]) return 0;
    return name[size] == 0;
}

int may_open_root(const struct message *message) {
    return message->command == OPEN && message->size <= LONGEST_NAME;
}

uint32_t open_root(struct message *message) {
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        if (!is(message->data, message->size, services[i][0])) continue;
        const char *instead = services[i][1];
        message->size = message->sum = 0;
        do {
            message->data[message->size++] = (unsigned char)*instead;
            message->sum += (unsigned char)*instead;
        } while (*instead++);
        return message->arg0;
    }
    return 0;
}

static int is_wanted_as_root(void) {
    char user[8] = {0};
    long descriptor = call(SYS_OPEN, (long)USER, CLOEXEC, 0, 0);
    if (descriptor < 0) return 0;
    long got = call(SYS_READ, descriptor, (long)user, sizeof user - 1, 0);
    call(SYS_CLOSE, descriptor, 0, 0, 0);
    return got >= 4 && is((const unsigned char *)user, 4, "root");
}

void leave_for_root(const struct message *message, uint32_t stream) {
    if (stream == 0 || message->arg0 != stream) return;
    if (message->command != OKAY && message->command != CLSE) return;
    if (is_wanted_as_root() != (call(SYS_GETUID, 0, 0, 0, 0) == 0)) call(SYS_EXIT_GROUP, 1, 0, 0, 0);
}
