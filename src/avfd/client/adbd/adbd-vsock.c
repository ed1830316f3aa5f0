/*
 * Preloaded into adbd. When a connection to a guest is refused, adbd keeps using the unconnected socket, and reports
 * success to adb: the connection then stays silent for ever (service_to_fd() in adb's services.cpp keeps what
 * socket_spec_connect() left). Here the socket that was not connected becomes one that has ended, so that adb closes the
 * connection at once.
 */
#include <stddef.h>

#include "adbd-calls.h"

static void end_in_place(int descriptor) {
    int pair[2];
    if (call(SYS_SOCKETPAIR, UNIX, 1 | CLOEXEC, 0, (long)pair) < 0) return;
    call(SYS_DUP3, pair[0], descriptor, CLOEXEC, 0);
    call(SYS_CLOSE, pair[0], 0, 0, 0);
    call(SYS_CLOSE, pair[1], 0, 0, 0);
}

HOOK int connect(int descriptor, const void *address, unsigned size) {
    long result = call(SYS_CONNECT, descriptor, (long)address, size, 0);
    int is_vsock = size >= sizeof(unsigned short) && *(const unsigned short *)address == VSOCK;
    if (result < 0 && is_vsock) end_in_place(descriptor);
    return (int)outcome(result);
}

/* The shells that adbd starts must not inherit it. */
__attribute__((constructor)) static void hide(int count, char **arguments, char **environment) {
    static const char name[] = "LD_PRELOAD=";
    (void)count;
    (void)arguments;
    char **kept = environment;
    for (char **entry = environment; *entry; entry++) {
        size_t same = 0;
        while (name[same] && (*entry)[same] == name[same]) same++;
        if (name[same]) *kept++ = *entry;
    }
    *kept = NULL;
}
