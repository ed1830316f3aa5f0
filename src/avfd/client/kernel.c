/*
 * What avfd needs of the kernel and Node cannot do, as a module for process.dlopen:
 *
 *   peerOf(descriptor)  who connected a Unix socket: [pid, uid, gid], or null for what is no connected socket
 *   setClock(epochMs)   sets the time of day
 *   addEntropy(buffer)  up to 512 bytes for the kernel's random numbers, which count at once
 *
 * The last two return 0, or an errno. A device that resumes from a snapshot needs them before anything else, and starting
 * a program for each would take it longer than all the rest.
 *
 * Declares the few Node-API calls that it uses itself, because the headers are not on every host, and uses no libc, because
 * it may be compiled against a newer one than the device has.
 */
#include <stddef.h>
#include <stdint.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);

int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
int napi_get_value_int32(napi_env, napi_value, int32_t *);
int napi_get_value_int64(napi_env, napi_value, int64_t *);
int napi_get_buffer_info(napi_env, napi_value, void **, size_t *);
int napi_create_uint32(napi_env, uint32_t, napi_value *);
int napi_create_array_with_length(napi_env, size_t, napi_value *);
int napi_set_element(napi_env, napi_value, uint32_t, napi_value);
int napi_get_null(napi_env, napi_value *);
int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

enum { SYS_OPEN = 2, SYS_CLOSE = 3, SYS_IOCTL = 16, SYS_GETSOCKOPT = 55, SYS_CLOCK_SETTIME = 227 };
enum { SOL_SOCKET_LEVEL = 1, PEERCRED_OPTION = 17, REALTIME_CLOCK = 0, READ_WRITE_CLOEXEC = 02000002 };
enum { ADD_ENTROPY = 0x40085203, RESEED = 0x5207, MAX_ENTROPY = 512, INVALID = 22 };

struct credentials {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

static long call(long number, long a, long b, long c, long d, long e) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

static napi_value only_argument(napi_env env, napi_callback_info info) {
    size_t count = 1;
    napi_value argument = NULL;
    if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != 0 || count != 1) return NULL;
    return argument;
}

static napi_value number(napi_env env, uint32_t value) {
    napi_value result = NULL;
    napi_create_uint32(env, value, &result);
    return result;
}

static napi_value outcome(napi_env env, long result) { return number(env, result < 0 ? (uint32_t)-result : 0); }

static napi_value peer_of(napi_env env, napi_callback_info info) {
    napi_value argument = only_argument(env, info), result;
    int32_t fd = -1;
    struct credentials credentials = {0, 0, 0};
    uint32_t size = sizeof credentials;
    napi_get_null(env, &result);
    if (!argument || napi_get_value_int32(env, argument, &fd) != 0) return result;
    long got = call(SYS_GETSOCKOPT, fd, SOL_SOCKET_LEVEL, PEERCRED_OPTION, (long)&credentials, (long)&size);
    if (got < 0 || credentials.pid <= 0) return result;
    const uint32_t numbers[] = {(uint32_t)credentials.pid, credentials.uid, credentials.gid};
    napi_create_array_with_length(env, 3, &result);
    for (uint32_t i = 0; i < 3; i++) napi_set_element(env, result, i, number(env, numbers[i]));
    return result;
}

static napi_value set_clock(napi_env env, napi_callback_info info) {
    napi_value argument = only_argument(env, info);
    int64_t epoch_ms = 0;
    if (!argument || napi_get_value_int64(env, argument, &epoch_ms) != 0) return outcome(env, -INVALID);
    const int64_t now[] = {epoch_ms / 1000, epoch_ms % 1000 * 1000000};
    return outcome(env, call(SYS_CLOCK_SETTIME, REALTIME_CLOCK, (long)now, 0, 0, 0));
}

static napi_value add_entropy(napi_env env, napi_callback_info info) {
    napi_value argument = only_argument(env, info);
    struct {
        int32_t entropy_count;
        int32_t buf_size;
        unsigned char buf[MAX_ENTROPY];
    } pool;
    void *bytes = NULL;
    size_t size = 0;
    if (!argument || napi_get_buffer_info(env, argument, &bytes, &size) != 0 || size > MAX_ENTROPY)
        return outcome(env, -INVALID);
    for (size_t i = 0; i < size; i++) pool.buf[i] = ((volatile unsigned char *)bytes)[i];
    pool.buf_size = (int32_t)size;
    pool.entropy_count = (int32_t)size * 8;
    long fd = call(SYS_OPEN, (long)"/dev/random", READ_WRITE_CLOEXEC, 0, 0, 0);
    if (fd < 0) return outcome(env, fd);
    long result = call(SYS_IOCTL, fd, ADD_ENTROPY, (long)&pool, 0, 0);
    /* Otherwise the new bytes would count only at the kernel's next reseeding. */
    if (result >= 0) result = call(SYS_IOCTL, fd, RESEED, 0, 0, 0);
    call(SYS_CLOSE, fd, 0, 0, 0, 0);
    return outcome(env, result);
}

static void add(napi_env env, napi_value exports, const char *name, napi_callback callback) {
    napi_value function;
    if (napi_create_function(env, name, (size_t)-1, callback, NULL, &function) == 0)
        napi_set_named_property(env, exports, name, function);
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    add(env, exports, "peerOf", peer_of);
    add(env, exports, "setClock", set_clock);
    add(env, exports, "addEntropy", add_entropy);
    return exports;
}
