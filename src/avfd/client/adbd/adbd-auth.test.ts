import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { constants, createPrivateKey, generateKeyPairSync, privateEncrypt, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MODULE_FLAGS } from "../../image.js";

/** Accepts connections and reads messages as adbd does: a header, then the data. Prints what it read, and ports that it listens on. */
const SERVER = `
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
static int open_port(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 8) < 0) return -1;
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("port %d\\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}
static int read_all(int fd, char *to, int size) {
    int filled = 0, got;
    while (filled < size && (got = read(fd, to + filled, size - filled)) > 0) filled += got;
    return filled == size;
}
int main(void) {
    int of_adbd = open_port(PORT), other = open_port(0);
    for (int i = 0; i < 2; i++) if (of_adbd < 0 || other < 0) return 1;
    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(of_adbd, &set);
        FD_SET(other, &set);
        if (select(of_adbd + other + 1, &set, 0, 0, 0) < 0) return 1;
        int fd = accept4(FD_ISSET(other, &set) ? other : of_adbd, 0, 0, 0);
        unsigned header[6];
        char data[4096];
        while (read_all(fd, (char *)header, 24) && read_all(fd, data, header[3])) {
            printf("read %.4s %.*s\\n", (char *)header, (int)header[3], data);
            fflush(stdout);
        }
        printf("ended\\n");
        fflush(stdout);
        close(fd);
    }
}
`;

const [CNXN, AUTH] = ["CNXN", "AUTH"].map((name) => Buffer.from(name).readUInt32LE(0)) as [number, number];
const [TOKEN, SIGNATURE, PUBLIC_KEY] = [1, 2, 3];
/** Of PKCS #1: what is before a SHA-1 digest. */
const SHA1_PREFIX = Buffer.from("3021300906052b0e03021a05000414", "hex");
/** Compiled into the module. The system picks none of these for others (net.ipv4.ip_local_port_range). */
const PORT = 20_000 + (process.pid % 10_000);

let folder: string;
let server: ChildProcess;
let printed: AsyncIterator<string>;
let otherPort: number;
let sockets: Socket[];
let key: KeyObject;
/** As adb writes it. */
let publicKey: string;
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "adbd-auth-"));
  execFileSync("adb", ["keygen", join(folder, "key")]);
  key = createPrivateKey(readFileSync(join(folder, "key")));
  publicKey = readFileSync(join(folder, "key.pub"), "utf8").trim();
  const sources = ["adbd-auth.c", "adbd-vsock.c", "adbd-root.c"].map((name) => join(__dirname, name));
  const defines = [
    `-DPORT=${PORT}`,
    `-DKEYS="${join(folder, "keys")}"`,
    `-DUSER="${join(folder, "user")}"`,
    "-Wall",
    "-Wextra",
  ];
  execFileSync("gcc", [...MODULE_FLAGS, ...defines, "-o", join(folder, "adbd.so"), ...sources]);
  writeFileSync(join(folder, "server.c"), `#define _GNU_SOURCE\n${SERVER}`);
  const libraries = ["-Wl,--no-as-needed", "-l:libcrypto.so.3"];
  execFileSync("gcc", [`-DPORT=${PORT}`, "-o", join(folder, "server"), join(folder, "server.c"), ...libraries]);
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  writeFileSync(join(folder, "keys"), `# of nobody\nAAAA short\n${publicKey}\n`);
  server = spawn(join(folder, "server"), {
    env: { LD_PRELOAD: join(folder, "adbd.so") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  printed = lines(server);
  sockets = [];
  expect(await next()).toBe(`port ${PORT}`);
  otherPort = Number((await next()).slice("port ".length));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  if (server.exitCode !== null) return;
  server.kill("SIGKILL");
  await once(server, "exit");
});

async function* lines({ stdout }: ChildProcess): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of stdout!) {
    const all = (text + String(chunk)).split("\n");
    text = all.pop() ?? "";
    yield* all;
  }
}

const next = async (): Promise<string> => (await printed.next()).value as string;

/** A message of adb's protocol. */
function message(command: number, arg0: number, data: Buffer): Buffer {
  const header = Buffer.alloc(24);
  const sum = data.reduce((total, byte) => total + byte, 0);
  [command, arg0, 0, data.length, sum, ~command >>> 0].forEach((word, i) => header.writeUInt32LE(word >>> 0, 4 * i));
  return Buffer.concat([header, data]);
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

async function receive(
  socket: Socket,
): Promise<{ readonly command: number; readonly arg0: number; readonly data: Buffer }> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < 24 || bytes.length < 24 + bytes.readUInt32LE(12)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  return { command: bytes.readUInt32LE(0), arg0: bytes.readUInt32LE(4), data: bytes.subarray(24) };
}

const sign = (with_: KeyObject, token: Buffer): Buffer =>
  privateEncrypt({ key: with_, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([SHA1_PREFIX, token]));

/** As a host begins, up to the token. */
async function begin(socket: Socket): Promise<Buffer> {
  socket.write(message(CNXN, 0x0100_0001, Buffer.from("host::features=shell_v2")));
  const { command, arg0, data } = await receive(socket);
  expect({ command, arg0, size: data.length }).toEqual({ command: AUTH, arg0: TOKEN, size: 20 });
  return data;
}

describe("a client that connects to adbd", () => {
  test("gets in with a key that it knows, and adbd reads what was sent first", async () => {
    const socket = await dial(PORT);
    socket.write(message(AUTH, SIGNATURE, sign(key, await begin(socket))));
    expect(await next()).toBe("read CNXN host::features=shell_v2");
  });

  test("may show several keys, each with a token of its own", async () => {
    const socket = await dial(PORT);
    const first = await begin(socket);
    socket.write(message(AUTH, SIGNATURE, sign(stranger, first)));
    const { data: second } = await receive(socket);
    expect(second).not.toEqual(first);
    socket.write(message(AUTH, SIGNATURE, sign(key, second)));
    expect(await next()).toBe("read CNXN host::features=shell_v2");
  });

  test.each<readonly [string, (socket: Socket, token: Buffer) => void]>([
    ["shows its public key only", (socket) => socket.write(message(AUTH, PUBLIC_KEY, Buffer.from(publicKey)))],
    ["signs another token", (socket) => socket.write(message(AUTH, SIGNATURE, sign(key, Buffer.alloc(20))))],
    ["sends another's signature", (socket, token) => socket.write(message(AUTH, SIGNATURE, sign(stranger, token)))],
    ["sends an empty signature", (socket) => socket.write(message(AUTH, SIGNATURE, Buffer.alloc(0)))],
    [
      "goes on as if it were in",
      (socket) => socket.write(message(Buffer.from("OPEN").readUInt32LE(0), 1, Buffer.from("shell:\0"))),
    ],
    ["sends more than there may be", (socket) => socket.write(message(AUTH, SIGNATURE, Buffer.alloc(5_000)))],
    ["sends what is no message", (socket) => socket.write(Buffer.alloc(24, 0x41))],
  ])("is not let in when it %s: adbd reads nothing of it", async (_what, send) => {
    const socket = await dial(PORT);
    send(socket, await begin(socket));
    socket.end();
    expect(await next()).toBe("ended");
  });

  test("is not let in without a file of keys", async () => {
    rmSync(join(folder, "keys"));
    const socket = await dial(PORT);
    socket.write(message(AUTH, SIGNATURE, sign(key, await begin(socket))));
    socket.end();
    expect(await next()).toBe("ended");
  });
});

test("ports that adb reverse opens ask for no key", async () => {
  const socket = await dial(otherPort);
  socket.write(message(CNXN, 1, Buffer.from("as it came")));
  expect(await next()).toBe("read CNXN as it came");
});

describe("adb root", () => {
  const [OPEN, OKAY, CLSE] = ["OPEN", "OKAY", "CLSE"].map((name) => Buffer.from(name).readUInt32LE(0)) as [
    number,
    number,
    number,
  ];
  const isRoot = process.getuid?.() === 0;

  async function enter(): Promise<Socket> {
    const socket = await dial(PORT);
    socket.write(message(AUTH, SIGNATURE, sign(key, await begin(socket))));
    expect(await next()).toBe("read CNXN host::features=shell_v2");
    return socket;
  }

  test("starts our program instead; adbd reads everything else unchanged, in whatever pieces it comes", async () => {
    const socket = await enter();
    const long = Buffer.alloc(4_000, "x");
    const sent = ["root:\0", "unroot:\0", "unroot:", "root:x\0", "roo", "unroot:x", "", "shell:\0"].map((name) =>
      message(OPEN, 7, Buffer.from(name)),
    );
    const bytes = Buffer.concat([...sent, message(OKAY, 3, Buffer.alloc(0)), message(OPEN, 8, long)]);
    for (let at = 0; at < bytes.length; at += 17) socket.write(bytes.subarray(at, at + 17));
    const program = "exec:/system/avfd/adb-root";
    for (const name of [
      `${program} root\0`,
      `${program} unroot\0`,
      `${program} unroot\0`,
      "root:x\0",
      "roo",
      "unroot:x",
      "",
    ])
      expect(await next()).toBe(`read OPEN ${name.split("\0")[0] ?? ""}`);
    expect(await next()).toBe("read OPEN shell:");
    expect(await next()).toBe("read OKAY ");
    expect(await next()).toBe(`read OPEN ${String(long)}`);
  });

  test.each([
    ["acknowledged it", OKAY],
    ["closed the stream", CLSE],
  ])("ends adbd once the host has %s, and not before", async (_what, command) => {
    const socket = await enter();
    writeFileSync(join(folder, "user"), isRoot ? "shell\n" : "root\n");
    const ended = once(server, "exit");
    for (const [kind, stream] of [
      [OPEN, 7],
      [command, 6],
    ] as const)
      socket.write(message(kind, stream, kind === OPEN ? Buffer.from("root:\0") : Buffer.alloc(0)));
    expect(await next()).toBe("read OPEN exec:/system/avfd/adb-root root");
    expect(await next()).toMatch(/^read (OKAY|CLSE) $/);
    socket.write(message(command, 7, Buffer.alloc(0)));
    expect(await ended).toEqual([1, null]);
  });

  test("leaves adbd alone when it is to stay who it is", async () => {
    const socket = await enter();
    writeFileSync(join(folder, "user"), isRoot ? "root\n" : "shell\n");
    socket.write(message(OPEN, 7, Buffer.from("root:\0")));
    socket.write(message(OKAY, 7, Buffer.alloc(0)));
    expect(await next()).toBe("read OPEN exec:/system/avfd/adb-root root");
    expect(await next()).toBe("read OKAY ");
  });
});

test.each([
  ["root", 0, "1", "adbd is already running as root", ""],
  ["root", 2000, "1", "restarting adbd as root", "service.adb.root 1"],
  ["root", 2000, "0", "adbd cannot run as root in production builds", ""],
  ["root", 2000, "", "adbd cannot run as root in production builds", ""],
  ["unroot", 0, "1", "restarting adbd as non root", "service.adb.root 0"],
  ["unroot", 2000, "1", "adbd not running as root", ""],
])("adb %s of uid %d with ro.debuggable=%s: %s", (verb, uid, debuggable, said, set) => {
  const programs = { id: `echo ${uid}`, getprop: `echo "${debuggable}"`, setprop: `echo "$*" >&2` };
  const path = join(folder, `programs-${verb}-${uid}-${debuggable}`);
  mkdirSync(path);
  for (const [name, script] of Object.entries(programs))
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const result = spawnSync("/bin/sh", [join(__dirname, "adb-root.sh"), verb], {
    env: { PATH: path },
    encoding: "utf8",
  });
  expect(result).toMatchObject({ status: 0, stdout: `${said}\n`, stderr: set && `${set}\n` });
});
