/*
 * The AF_VSOCK end of avfd, because Node has no such sockets. Guests connect here to report the state of their payload.
 *
 * stdin:  "listen PORT CID|any", "unlisten PORT", "send CONNECTION TEXT", "drop CONNECTION"
 * stdout: "listening PORT", "failed PORT REASON", "open CONNECTION PORT CID", "line CONNECTION TEXT", "closed CONNECTION",
 *         "refused PORT CID" (sent once for a CID, until it has no connection left)
 *
 * One line each. A port accepts only the CID it was opened for, and no guest gets more connections than its share.
 * Ends with its stdin, that is, with avfd.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define MAX_SOCKETS 1024
/* A guest's init needs one or two. */
#define MAX_PER_CID 32
/* Reserved from the guests' share: there is a listener for each VM. */
#define RESERVED 256
/* A guest is not trusted to end its lines. */
#define MAX_LINE 4096

enum role { FREE, CONTROL, LISTENER, CONNECTION };

struct socket_state {
    enum role role;
    unsigned port;
    unsigned cid; /* of a listener: VMADDR_CID_ANY: any guest */
    int refused;  /* it was already reported that this guest was refused */
    size_t filled;
    char *line;
};

static struct pollfd polled[MAX_SOCKETS];
static struct socket_state states[MAX_SOCKETS];

static int claim(int fd, enum role role, unsigned port, unsigned cid) {
    for (int i = 0; i < MAX_SOCKETS; i++) {
        if (states[i].role != FREE) continue;
        char *line = malloc(MAX_LINE);
        if (!line) return -1;
        states[i] = (struct socket_state){.role = role, .port = port, .cid = cid, .line = line};
        polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        return i;
    }
    return -1;
}

static void drop(int i) {
    close(polled[i].fd);
    free(states[i].line);
    states[i] = (struct socket_state){0};
    polled[i] = (struct pollfd){.fd = -1};
}

static void listen_on(unsigned port, unsigned cid) {
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
    /* Non-blocking: the client may be gone before accept(). */
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 16) == 0;
    if (!bound || claim(fd, LISTENER, port, cid) < 0) {
        printf("failed %u %s\n", port, bound ? "too many sockets" : strerror(errno));
        if (fd >= 0) close(fd);
        return;
    }
    printf("listening %u\n", port);
}

/* Whether a guest may have another connection; reports a refusal once. */
static int has_share(unsigned port, unsigned cid) {
    int all = 0, own = 0, first = -1;
    for (int i = 0; i < MAX_SOCKETS; i++) {
        if (states[i].role != CONNECTION) continue;
        all++;
        if (states[i].cid != cid) continue;
        own++;
        if (first < 0 || states[i].refused) first = i;
    }
    if (own < MAX_PER_CID && all < MAX_SOCKETS - RESERVED) return 1;
    if (first >= 0 && !states[first].refused) {
        states[first].refused = 1;
        printf("refused %u %u\n", port, cid);
    }
    return 0;
}

static void accept_guest(int listener) {
    struct sockaddr_vm peer;
    socklen_t size = sizeof peer;
    int fd = accept4(polled[listener].fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);
    if (fd < 0) return;
    unsigned wanted = states[listener].cid;
    int i = -1;
    if ((wanted == VMADDR_CID_ANY || wanted == peer.svm_cid) && has_share(states[listener].port, peer.svm_cid)) {
        i = claim(fd, CONNECTION, states[listener].port, peer.svm_cid);
    }
    if (i < 0) {
        close(fd);
        return;
    }
    printf("open %d %u %u\n", i, states[i].port, peer.svm_cid);
}

static int connection(const char *text) {
    int i = atoi(text);
    return i >= 0 && i < MAX_SOCKETS && states[i].role == CONNECTION ? i : -1;
}

static void obey(char *line) {
    unsigned port;
    char who[16];
    int offset = 0;
    if (sscanf(line, "listen %u %15s", &port, who) == 2) {
        listen_on(port, strcmp(who, "any") == 0 ? VMADDR_CID_ANY : (unsigned)strtoul(who, NULL, 10));
    } else if (sscanf(line, "unlisten %u", &port) == 1) {
        for (int i = 0; i < MAX_SOCKETS; i++) {
            if (states[i].role == LISTENER && states[i].port == port) drop(i);
        }
    } else if (sscanf(line, "send %15s %n", who, &offset) == 1 && offset > 0) {
        int i = connection(who);
        size_t size = strlen(line);
        line[size] = '\n';
        if (i >= 0 && send(polled[i].fd, line + offset, size + 1 - (size_t)offset, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            printf("closed %d\n", i);
            drop(i);
        }
        line[size] = 0;
    } else if (sscanf(line, "drop %15s", who) == 1 && connection(who) >= 0) {
        drop(connection(who));
    }
}

/* Returns -1 when the stream ended. */
static int read_lines(int i) {
    struct socket_state *state = &states[i];
    ssize_t got = read(polled[i].fd, state->line + state->filled, MAX_LINE - 1 - state->filled);
    if (got <= 0) return got < 0 && errno == EINTR ? 0 : -1;
    state->filled += (size_t)got;
    char *start = state->line;
    for (;;) {
        size_t rest = state->filled - (size_t)(start - state->line);
        char *end = memchr(start, '\n', rest);
        if (!end && rest == MAX_LINE - 1) end = start + rest;
        if (!end) break;
        int over = *end == '\n' && end < state->line + state->filled;
        *end = 0;
        if (state->role == CONTROL) obey(start);
        else printf("line %d %s\n", i, start);
        if (state->role == FREE) return 0;
        start = end + over;
    }
    state->filled -= (size_t)(start - state->line);
    memmove(state->line, start, state->filled);
    return 0;
}

int main(void) {
    for (int i = 0; i < MAX_SOCKETS; i++) polled[i].fd = -1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    claim(STDIN_FILENO, CONTROL, 0, 0);
    for (;;) {
        if (poll(polled, MAX_SOCKETS, -1) < 0) {
            if (errno == EINTR) continue;
            return 1;
        }
        for (int i = 0; i < MAX_SOCKETS; i++) {
            if (polled[i].fd < 0 || !polled[i].revents) continue;
            if (states[i].role == LISTENER) {
                accept_guest(i);
            } else if (read_lines(i) < 0) {
                if (states[i].role == CONTROL) return 0;
                printf("closed %d\n", i);
                drop(i);
            }
        }
    }
}
