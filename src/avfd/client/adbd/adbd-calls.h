/* System calls for what is preloaded into adbd: it uses no libc of the compiler's, which may be newer than the device's. */
#ifndef ADBD_CALLS_H
#define ADBD_CALLS_H

enum {
    SYS_READ = 0,
    SYS_OPEN = 2,
    SYS_CLOSE = 3,
    SYS_CONNECT = 42,
    SYS_SENDTO = 44,
    SYS_RECVFROM = 45,
    SYS_GETSOCKNAME = 51,
    SYS_SOCKETPAIR = 53,
    SYS_SETSOCKOPT = 54,
    SYS_GETUID = 102,
    SYS_EXIT_GROUP = 231,
    SYS_ACCEPT4 = 288,
    SYS_DUP3 = 292,
    SYS_GETRANDOM = 318,
};
enum { UNIX = 1, INET = 2, INET6 = 10, VSOCK = 40, CLOEXEC = 02000000 };

extern int *__errno_location(void);

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long call(long number, long a, long b, long c, long d) {
    return call6(number, a, b, c, d, 0, 0);
}

/* What a function of libc returns for what the kernel did. */
static inline long outcome(long result) {
    if (result >= 0) return result;
    *__errno_location() = (int)-result;
    return -1;
}

#define HOOK __attribute__((visibility("default")))

#endif
