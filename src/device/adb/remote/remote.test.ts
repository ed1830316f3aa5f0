import { afterEach, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { PortForward } from "../../contract.js";
import type { AdbConnection } from "../server/connection.js";
import { openForward } from "../forward/forward.js";
import { addressKey, adbServerAddress } from "../server/server-address.js";
import { openRelay } from "./relay.js";
import { isNamedElsewhere, landsHere, requireServerHere } from "./server-place.js";

const closes: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0)) await close();
});

/** What the port leads to on the device: says what it hears in capitals, and a last word when it hears no more. */
async function service(): Promise<{ readonly open: () => Promise<Socket>; readonly server: Server }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("data", (chunk) => socket.write(String(chunk).toUpperCase()));
    socket.on("end", () => socket.end("BYE"));
    socket.on("error", () => undefined);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  closes.push(() => server.close());
  const open = async (): Promise<Socket> => {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    return socket;
  };
  return { open, server };
}

async function dial({ hostPort }: PortForward): Promise<Socket> {
  const socket = connect({ port: hostPort, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  closes.push(() => socket.destroy());
  return socket;
}

async function textOf(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => parts.push(chunk));
  socket.on("error", () => undefined);
  await Promise.race([once(socket, "end"), once(socket, "close")]);
  return Buffer.concat(parts).toString();
}

async function relayTo(open: () => Promise<Socket>, gone = new AbortController().signal): Promise<PortForward> {
  const forward = await openRelay("tcp:80", gone, open);
  closes.push(() => forward.close());
  return forward;
}

describe("a port that leads to a device of another host's adb server", () => {
  test("carries both directions, the end of one as well, for several at once", async () => {
    const forward = await relayTo((await service()).open);
    const sockets = await Promise.all([dial(forward), dial(forward)]);
    const texts = sockets.map(textOf);
    for (const [at, socket] of sockets.entries()) socket.end(`hello ${at} `);
    expect(await Promise.all(texts)).toEqual(["HELLO 0 BYE", "HELLO 1 BYE"]);
  });

  test("ends a connection that nothing accepts, at once", async () => {
    const forward = await relayTo(async () => Promise.reject(new Error("refused")));
    expect(await textOf(await dial(forward))).toBe("");
  });

  test("ends with its connections when it is closed, or the device goes", async () => {
    for (const end of ["close", "gone"] as const) {
      const gone = new AbortController();
      const { open } = await service();
      const forward = await relayTo(open, gone.signal);
      const socket = await dial(forward);
      socket.write("hello");
      await once(socket, "data");
      const ended = textOf(socket);
      if (end === "gone") gone.abort(new Error("gone"));
      await forward.close();
      await ended;
      expect(await landsHere(forward.hostPort)).toBe(false);
    }
  });
});

describe("a forward", () => {
  const connection = (server: Partial<AdbConnection["server"]>): AdbConnection =>
    ({
      serial: "phone",
      server: { address: { host: "127.0.0.1", port: 1 }, port: 1, client: {}, command: ["false"], ...server },
      gone: new AbortController().signal,
      adb: () => ["false"],
      explain: async (error: unknown) => error,
    }) as unknown as AdbConnection;

  test("through a server of another host is not adb's", async () => {
    const { open } = await service();
    const forward = await openForward(connection({ isElsewhere: true }), "vsock:2048:5678", {}, open);
    closes.push(() => forward.close());
    const socket = await dial(forward);
    const text = textOf(socket);
    socket.end("hi ");
    expect(await text).toBe("HI BYE");
  });

  test("that the server itself dials is adb's", async () => {
    const { open } = await service();
    const asked = openForward(connection({ isElsewhere: true }), "vsock:2048:5555", { dialledBy: "adb" }, open);
    // There is no adb here.
    await expect(asked).rejects.toThrow("ECONNREFUSED 127.0.0.1:1");
  });

  test("to a target that is not a port is refused in either case", async () => {
    const { open } = await service();
    await expect(openForward(connection({ isElsewhere: true }), "tcp:0", {}, open)).rejects.toThrow("Cannot forward");
  });
});

describe("an adb server", () => {
  const at = (environment: NodeJS.ProcessEnv) => adbServerAddress(environment);

  test.each([
    [{}, false],
    [{ ADB_SERVER_SOCKET: "tcp:5038" }, false],
    [{ ADB_SERVER_SOCKET: "tcp:localhost:5038" }, false],
    [{ ADB_SERVER_SOCKET: "tcp:[::1]:5038" }, false],
    [{ ADB_SERVER_SOCKET: "localfilesystem:/run/adb" }, false],
    [{ ADB_SERVER_SOCKET: "tcp:192.0.2.7:5037" }, true],
    [{ ADB_SERVER_SOCKET: "tcp:lab-7.example:5037" }, true],
    [{ ANDROID_ADB_SERVER_ADDRESS: "192.0.2.7" }, true],
    [{ ANDROID_ADB_SERVER_ADDRESS: "127.0.0.2", ANDROID_ADB_SERVER_PORT: "5038" }, false],
  ] as const)("of %j is on another host: %s", (environment, expected) => {
    expect(isNamedElsewhere(at(environment))).toBe(expected);
  });

  test("of another host is not confused with the one of this host with the same port", () => {
    const [here, there, other] = [
      {},
      { ANDROID_ADB_SERVER_ADDRESS: "192.0.2.7" },
      { ANDROID_ADB_SERVER_ADDRESS: "192.0.2.8" },
    ];
    expect(addressKey(at(here))).toBe(5037);
    expect(new Set([here, there, other].map((each) => addressKey(at(each)))).size).toBe(3);
  });

  test("of another host cannot reach the emulated device of this one", () => {
    const there = at({ ADB_SERVER_SOCKET: "tcp:192.0.2.7:5037" });
    expect(() => requireServerHere("The emulated device", there)).toThrow(
      /127\.0\.0\.1 of this host.*192\.0\.2\.7:5037/,
    );
    expect(() => requireServerHere("The emulated device", at({}))).not.toThrow();
  });

  test("that is reached through a tunnel is detected by a forward that does not listen on this host", async () => {
    const { server } = await service();
    const { port } = server.address() as AddressInfo;
    expect(await landsHere(port)).toBe(true);
    server.close();
    await once(server, "close");
    expect(await landsHere(port)).toBe(false);
  });
});
