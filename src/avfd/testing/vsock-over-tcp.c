/*
 * To be preloaded: AF_VSOCK for hosts whose kernel has none, by way of TCP on the loopback network. Port N is 127.0.0.1:N,
 * and who connects from 127.1.X.Y is the guest with CID X * 256 + Y.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

int socket(int family, int type, int protocol) {
    int (*real)(int, int, int) = dlsym(RTLD_NEXT, "socket");
    return real(family == AF_VSOCK ? AF_INET : family, type, protocol);
}

int bind(int fd, const struct sockaddr *address, socklen_t size) {
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
    const struct sockaddr_vm *vm = (const struct sockaddr_vm *)address;
    if (vm->svm_family != AF_VSOCK) return real(fd, address, size);
    struct sockaddr_in tcp = {
        .sin_family = AF_INET, .sin_port = htons(vm->svm_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return real(fd, (struct sockaddr *)&tcp, sizeof tcp);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
    int (*real)(int, struct sockaddr *, socklen_t *, int) = dlsym(RTLD_NEXT, "accept4");
    struct sockaddr_in tcp;
    socklen_t length = sizeof tcp;
    int accepted = real(fd, (struct sockaddr *)&tcp, &length, flags);
    struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = ntohl(tcp.sin_addr.s_addr) & 0xffff};
    memcpy(address, &vm, sizeof vm);
    *size = sizeof vm;
    return accepted;
}
