import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MODULE_FLAGS } from "../../image.js";

/**
 * Connects a Unix socket to an address of the family in its argument, which no kernel accepts, with vsock or without, and
 * reads and writes as adbd does.
 */
const PROGRAM = `
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
    unsigned char address[16] = {(unsigned char)atoi(argv[argc - 1])};
    char byte = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int result = connect(fd, (struct sockaddr *)address, sizeof address);
    printf("connect %d %s\\n", result, strerrorname_np(errno));
    ssize_t got = read(fd, &byte, 1);
    printf("read %zd %s\\n", got, got < 0 ? strerrorname_np(errno) : "");
    got = send(fd, &byte, 1, MSG_NOSIGNAL);
    printf("send %zd %s\\n", got, got < 0 ? strerrorname_np(errno) : "");
    printf("preload %s, other %s\\n", getenv("LD_PRELOAD") ? "seen" : "hidden", getenv("OTHER"));
    return 0;
}
`;

let folder: string;
let library: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "adbd-vsock-"));
  library = join(folder, "adbd-vsock.so");
  execFileSync("gcc", [...MODULE_FLAGS, "-Wall", "-Wextra", "-o", library, join(__dirname, "adbd-vsock.c")]);
  writeFileSync(join(folder, "program.c"), `#define _GNU_SOURCE\n${PROGRAM}`);
  execFileSync("gcc", ["-o", join(folder, "program"), join(folder, "program.c")]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const AF_UNIX = "1";
const AF_VSOCK = "40";

function tried(family: string): readonly string[] {
  const env = { PATH: process.env["PATH"], LD_PRELOAD: library, OTHER: "kept" };
  return execFileSync(join(folder, "program"), [family], { encoding: "utf8", env }).trimEnd().split("\n");
}

test("a connection to a guest that fails leaves a socket that has ended, and its error; the variable is gone", () => {
  expect(tried(AF_VSOCK)).toEqual(["connect -1 EINVAL", "read 0 ", "send -1 EPIPE", "preload hidden, other kept"]);
});

test("other sockets are as they are without it", () => {
  expect(tried(AF_UNIX)).toEqual([
    "connect -1 ECONNREFUSED",
    "read -1 EINVAL",
    "send -1 ENOTCONN",
    "preload hidden, other kept",
  ]);
});
