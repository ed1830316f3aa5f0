/*
 * A payload that prints on the console what it gets over vsock, port 7777: "say TEXT" prints a line, "flood N" prints
 * N MiB of lines. Each order is answered with "ok" before it is carried out.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define PORT 7777
#define LINE_BYTES 128

/* In blocks, as a program whose output is not a terminal: each write is a VM exit, whatever its size. */
static void flood(long mebibytes) {
    static char block[4096];
    for (size_t at = 0; at < sizeof block; at++) block[at] = at % LINE_BYTES == LINE_BYTES - 1 ? '\n' : '.';
    fflush(stdout);
    for (long i = 0; i < mebibytes * (1 << 20) / (long)sizeof block; i++) {
        for (size_t done = 0; done < sizeof block;) {
            ssize_t written = write(STDOUT_FILENO, block + done, sizeof block - done);
            if (written <= 0) return;
            done += (size_t)written;
        }
    }
}

static void obey(FILE *orders, int answers) {
    char order[256];
    while (fgets(order, sizeof order, orders)) {
        if (write(answers, "ok\n", 3) != 3) return;
        if (strncmp(order, "flood ", 6) == 0) flood(atol(order + 6));
        else if (strncmp(order, "say ", 4) == 0) fputs(order + 4, stdout);
        fflush(stdout);
    }
}

__attribute__((visibility("default"))) int AVmPayload_main(void) {
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = PORT};
    int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4)) return 1;
    puts("talker: listening");
    fflush(stdout);
    for (;;) {
        int peer = accept(listener, NULL, NULL);
        FILE *orders = peer < 0 ? NULL : fdopen(peer, "r");
        if (!orders) continue;
        obey(orders, peer);
        fclose(orders);
    }
}
