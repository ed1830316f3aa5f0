/*
 * Preloaded into adbd: Debian's is built without authentication ("authentication not required"), so here every connection
 * to its port has to prove, before adbd reads a byte of it, that it has one of the keys in KEYS, as Android's adbd asks for
 * it (adb's protocol.txt): the host sends CNXN, gets a token, and sends it back signed. What the host sent first is handed
 * to adbd then, which answers it; from there on only messages that ask for root are others when adbd reads them.
 *
 * Guests can reach the port too, by vsock, and have no key.
 */
#include <stddef.h>
#include <stdint.h>

#include "adbd-calls.h"
#include "adbd-root.h"

#ifndef KEYS
#define KEYS "/data/misc/adb/adb_keys"
#endif
#ifndef PORT
#define PORT 5555
#endif

/* libcrypto, which adbd has anyway. */
typedef struct rsa_st RSA;
typedef struct bignum_st BIGNUM;
extern RSA *RSA_new(void);
extern void RSA_free(RSA *);
extern int RSA_set0_key(RSA *, BIGNUM *n, BIGNUM *e, BIGNUM *d);
extern int RSA_verify(int kind, const unsigned char *digest, size_t size, const unsigned char *signature, size_t length, RSA *);
extern BIGNUM *BN_bin2bn(const unsigned char *bytes, size_t size, BIGNUM *);
extern void *malloc(size_t);
extern void free(void *);

enum { CNXN = 0x4e584e43, AUTH = 0x48545541, TOKEN = 1, SIGNATURE = 2 };
enum { SHA1 = 64, TOKEN_SIZE = 20, MODULUS = 256, KEY_SIZE = 4 + 4 + MODULUS + MODULUS + 4 };
/* A host tries its keys one after the other. */
enum { MAX_TRIES = 32, MAX_DESCRIPTORS = 4096, MAX_KEYS_FILE = 64 * 1024, TIMEOUT_S = 60 };

struct connection {
    enum { ASKED, ADMITTED, REFUSED } state;
    /* Of `message`, for adbd, and what adbd has read of it; what of the message's data it has to read from the kernel after. */
    size_t size, taken, left;
    struct message message;
    /* What the host calls the stream of `adb root`. */
    uint32_t root;
};
static struct connection *connections[MAX_DESCRIPTORS];

static int of_base64(unsigned char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One line of the file: base64, then perhaps a space and who it is. Returns how many bytes it holds, up to `room`. */
static size_t decode(const unsigned char *line, size_t length, unsigned char *out, size_t room) {
    uint32_t bits = 0;
    size_t filled = 0;
    int count = 0;
    for (size_t i = 0; i < length && of_base64(line[i]) >= 0 && filled < room; i++) {
        bits = bits << 6 | (uint32_t)of_base64(line[i]);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out[filled++] = (unsigned char)(bits >> count);
    }
    return filled;
}

/* Android's own form: the number of words, a number that speeds up arithmetic, the modulus and another such, the exponent. */
static int signed_by(const unsigned char *key, const unsigned char *token, const unsigned char *signature, size_t size) {
    if (key[0] != MODULUS / 4 || key[1] || key[2] || key[3]) return 0;
    unsigned char modulus[MODULUS], exponent[4];
    for (int i = 0; i < MODULUS; i++) modulus[i] = key[8 + MODULUS - 1 - i];
    for (int i = 0; i < 4; i++) exponent[i] = key[KEY_SIZE - 1 - i];
    RSA *rsa = RSA_new();
    if (!rsa) return 0;
    BIGNUM *n = BN_bin2bn(modulus, sizeof modulus, NULL), *e = BN_bin2bn(exponent, sizeof exponent, NULL);
    int valid = n && e && RSA_set0_key(rsa, n, e, NULL) == 1 && RSA_verify(SHA1, token, TOKEN_SIZE, signature, size, rsa) == 1;
    RSA_free(rsa);
    return valid;
}

static int is_known(const unsigned char *token, const unsigned char *signature, size_t size) {
    unsigned char *file = malloc(MAX_KEYS_FILE);
    long descriptor = file ? call(SYS_OPEN, (long)KEYS, CLOEXEC, 0, 0) : -1;
    size_t filled = 0;
    while (descriptor >= 0 && filled < MAX_KEYS_FILE) {
        long got = call(SYS_READ, descriptor, (long)(file + filled), (long)(MAX_KEYS_FILE - filled), 0);
        if (got <= 0) break;
        filled += (size_t)got;
    }
    if (descriptor >= 0) call(SYS_CLOSE, descriptor, 0, 0, 0);
    int known = 0;
    for (size_t start = 0; start < filled && !known;) {
        size_t end = start;
        while (end < filled && file[end] != '\n') end++;
        unsigned char key[KEY_SIZE];
        if (decode(file + start, end - start, key, sizeof key) == sizeof key) known = signed_by(key, token, signature, size);
        start = end + 1;
    }
    free(file);
    return known;
}

static int receive(int descriptor, void *buffer, size_t size) {
    for (size_t filled = 0; filled < size;) {
        long got = call6(SYS_RECVFROM, descriptor, (long)buffer + (long)filled, (long)(size - filled), 0, 0, 0);
        if (got == -4) continue;
        if (got <= 0) return 0;
        filled += (size_t)got;
    }
    return 1;
}

static int receive_message(int descriptor, struct message *message) {
    if (!receive(descriptor, message, HEADER)) return 0;
    if (message->magic != ~message->command || message->size > MAX_PAYLOAD) return 0;
    return receive(descriptor, message->data, message->size);
}

static int send_token(int descriptor, const unsigned char *token) {
    unsigned char bytes[HEADER + TOKEN_SIZE];
    uint32_t sum = 0;
    for (int i = 0; i < TOKEN_SIZE; i++) sum += bytes[HEADER + i] = token[i];
    const uint32_t header[6] = {AUTH, TOKEN, 0, TOKEN_SIZE, sum, ~(uint32_t)AUTH};
    for (int i = 0; i < HEADER; i++) bytes[i] = ((const unsigned char *)header)[i];
    enum { NO_SIGNAL = 0x4000 };
    return call6(SYS_SENDTO, descriptor, (long)bytes, sizeof bytes, NO_SIGNAL, 0, 0) == sizeof bytes;
}

static void limit_time(int descriptor, long seconds) {
    const long time[2] = {seconds, 0};
    enum { SOCKET_LEVEL = 1, RECEIVE_TIMEOUT = 20 };
    call6(SYS_SETSOCKOPT, descriptor, SOCKET_LEVEL, RECEIVE_TIMEOUT, (long)time, sizeof time, 0);
}

/* Whoever has shown all its keys is left without an answer, as before a dialog that nobody accepts, until its time is over. */
static int admits(int descriptor, struct connection *connection) {
    struct message answer;
    unsigned char token[TOKEN_SIZE];
    if (!receive_message(descriptor, &connection->message) || connection->message.command != CNXN) return 0;
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        if (call(SYS_GETRANDOM, (long)token, sizeof token, 0, 0) != sizeof token) return 0;
        if (!send_token(descriptor, token)) return 0;
        do {
            if (!receive_message(descriptor, &answer) || answer.command != AUTH) return 0;
        } while (answer.arg0 != SIGNATURE);
        if (is_known(token, answer.data, answer.size)) return 1;
    }
    return 0;
}

static void forget(int descriptor) {
    if (descriptor < 0 || descriptor >= MAX_DESCRIPTORS || !connections[descriptor]) return;
    free(connections[descriptor]);
    connections[descriptor] = NULL;
}

static int begin(int descriptor, struct connection *connection) {
    limit_time(descriptor, TIMEOUT_S);
    connection->state = admits(descriptor, connection) ? ADMITTED : REFUSED;
    limit_time(descriptor, 0);
    connection->size = HEADER + connection->message.size;
    return connection->state == ADMITTED;
}

/* The header, and the data only where they may have to be others. */
static int next_message(int descriptor, struct connection *connection) {
    struct message *message = &connection->message;
    connection->taken = connection->size = 0;
    if (!receive(descriptor, message, HEADER)) return 0;
    connection->size = HEADER;
    connection->left = message->size;
    leave_for_root(message, connection->root);
    if (!may_open_root(message)) return 1;
    if (!receive(descriptor, message->data, message->size)) return 0;
    const uint32_t root = open_root(message);
    if (root) connection->root = root;
    connection->size += message->size;
    connection->left = 0;
    return 1;
}

/* 0 when the kernel is to be asked. */
static int read_message(int descriptor, void *buffer, size_t size, long *result) {
    if (descriptor < 0 || descriptor >= MAX_DESCRIPTORS || !connections[descriptor]) return 0;
    struct connection *connection = connections[descriptor];
    *result = 0;
    if (connection->state == ASKED ? !begin(descriptor, connection) : connection->state == REFUSED) return 1;
    if (connection->taken == connection->size) {
        if (connection->left > 0) {
            size_t wanted = size < connection->left ? size : connection->left;
            *result = outcome(call(SYS_READ, descriptor, (long)buffer, (long)wanted, 0));
            if (*result > 0) connection->left -= (size_t)*result;
            return 1;
        }
        if (!next_message(descriptor, connection)) return 1;
    }
    const unsigned char *from = (const unsigned char *)&connection->message;
    while ((size_t)*result < size && connection->taken < connection->size)
        ((unsigned char *)buffer)[(*result)++] = from[connection->taken++];
    return 1;
}

HOOK long read(int descriptor, void *buffer, size_t size) {
    long result;
    return read_message(descriptor, buffer, size, &result) ? result : outcome(call(SYS_READ, descriptor, (long)buffer, (long)size, 0));
}

HOOK long recv(int descriptor, void *buffer, size_t size, int flags) {
    long result;
    if (read_message(descriptor, buffer, size, &result)) return result;
    return outcome(call6(SYS_RECVFROM, descriptor, (long)buffer, (long)size, flags, 0, 0));
}

HOOK int close(int descriptor) {
    forget(descriptor);
    return (int)outcome(call(SYS_CLOSE, descriptor, 0, 0, 0));
}

static int is_port_of_adbd(int descriptor) {
    unsigned char name[128] = {0};
    unsigned size = sizeof name;
    if (call(SYS_GETSOCKNAME, descriptor, (long)name, (long)&size, 0) < 0) return 1;
    unsigned family = name[0] | (unsigned)name[1] << 8;
    if (family == INET || family == INET6) return (name[2] << 8 | name[3]) == PORT;
    return family == VSOCK && *(const uint32_t *)(name + 4) == PORT;
}

/* Ports that adb has adbd listen on (`adb reverse`) are others. */
HOOK int accept4(int listener, void *address, unsigned *size, int flags) {
    long descriptor = call(SYS_ACCEPT4, listener, (long)address, (long)size, flags);
    if (descriptor < 0 || !is_port_of_adbd((int)descriptor)) return (int)outcome(descriptor);
    struct connection *connection = descriptor < MAX_DESCRIPTORS ? malloc(sizeof *connection) : NULL;
    if (!connection) {
        call(SYS_CLOSE, descriptor, 0, 0, 0);
        return (int)outcome(-12);
    }
    connection->state = ASKED;
    connection->taken = connection->left = 0;
    connection->root = 0;
    connections[descriptor] = connection;
    return (int)descriptor;
}

HOOK int accept(int listener, void *address, unsigned *size) {
    return accept4(listener, address, size, 0);
}
