/*
 * What Node cannot ask of a Unix socket: who connected it (SO_PEERCRED). A module for process.dlopen with one function,
 * `peerOf(descriptor)`, which returns [pid, uid, gid], or null for what is no connected socket.
 *
 * Declares the few calls of Node-API that it makes itself, for its headers are not on every host, and uses no libc, for
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
int napi_create_uint32(napi_env, uint32_t, napi_value *);
int napi_create_array_with_length(napi_env, size_t, napi_value *);
int napi_set_element(napi_env, napi_value, uint32_t, napi_value);
int napi_get_null(napi_env, napi_value *);
int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

enum { SOL_SOCKET_LEVEL = 1, PEERCRED_OPTION = 17, SYS_GETSOCKOPT = 55 };

struct credentials {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

static long get_credentials(int fd, struct credentials *credentials) {
    uint32_t size = sizeof *credentials;
    register long value __asm__("r10") = (long)credentials;
    register long size_at __asm__("r8") = (long)&size;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_GETSOCKOPT), "D"((long)fd), "S"((long)SOL_SOCKET_LEVEL), "d"((long)PEERCRED_OPTION),
                       "r"(value), "r"(size_at)
                     : "rcx", "r11", "memory");
    return result;
}

static napi_value peer_of(napi_env env, napi_callback_info info) {
    size_t count = 1;
    napi_value argument, result, element;
    int32_t fd = -1;
    struct credentials credentials = {0, 0, 0};
    napi_get_null(env, &result);
    if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != 0 || count != 1 ||
        napi_get_value_int32(env, argument, &fd) != 0 || get_credentials(fd, &credentials) < 0 || credentials.pid <= 0)
        return result;
    const uint32_t numbers[] = {(uint32_t)credentials.pid, credentials.uid, credentials.gid};
    napi_create_array_with_length(env, 3, &result);
    for (uint32_t i = 0; i < 3; i++) {
        napi_create_uint32(env, numbers[i], &element);
        napi_set_element(env, result, i, element);
    }
    return result;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    napi_value function;
    if (napi_create_function(env, "peerOf", (size_t)-1, peer_of, NULL, &function) == 0)
        napi_set_named_property(env, exports, "peerOf", function);
    return exports;
}
