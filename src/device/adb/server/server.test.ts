import { spawn, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { FakeAdbServer } from "../../testing/fake-adb-server.js";
import { adbServerAddress, inspectAdbServer, openAdbServer } from "./server.js";
import { adbCommand } from "./server-address.js";

test.each([
  [{}, { host: "127.0.0.1", port: 5037 }],
  [{ ANDROID_ADB_SERVER_PORT: "5038" }, { host: "127.0.0.1", port: 5038 }],
  [
    { ANDROID_ADB_SERVER_ADDRESS: "10.0.0.1", ANDROID_ADB_SERVER_PORT: "1" },
    { host: "10.0.0.1", port: 1 },
  ],
  [{ ADB_SERVER_SOCKET: "tcp:5039" }, { host: "127.0.0.1", port: 5039 }],
  [
    { ADB_SERVER_SOCKET: "tcp:lab:5039", ANDROID_ADB_SERVER_PORT: "5038" },
    { host: "lab", port: 5039 },
  ],
  [{ ADB_SERVER_SOCKET: "tcp:[::1]:5097" }, { host: "::1", port: 5097 }],
  [{ ANDROID_ADB_SERVER_ADDRESS: "::1" }, { host: "::1", port: 5037 }],
  [{ ANDROID_ADB_SERVER_ADDRESS: "[fe80::1%eth0]" }, { host: "fe80::1%eth0", port: 5037 }],
  [{ ADB_SERVER_SOCKET: "localfilesystem:/run/a b" }, { spec: "localfilesystem:/run/a b", path: "/run/a b" }],
  [{ ADB_SERVER_SOCKET: "" }, { host: "127.0.0.1", port: 5037 }],
])("%j leads to %j", (environment, address) => {
  expect(adbServerAddress(environment)).toEqual(address);
});

test.each([
  [{ ANDROID_ADB_SERVER_PORT: "adb" }, /ANDROID_ADB_SERVER_PORT/],
  [{ ANDROID_ADB_SERVER_PORT: "70000" }, /no port/],
  [{ ANDROID_ADB_SERVER_PORT: "0x10" }, /no port/],
  [{ ANDROID_ADB_SERVER_ADDRESS: "a host" }, /no host/],
  ...["5037", "tcp:", "tcp:lab", "tcp:::1:5097", "tcp:[::1]", "udp:1", "vsock:1:2", "localreserved:adb", "local:"].map(
    (spec) =>
      [{ ADB_SERVER_SOCKET: spec }, /names no adb server\.\nHint: set it to tcp:PORT, .*localfilesystem:PATH/] as const,
  ),
  [
    { ADB_SERVER_SOCKET: "localabstract:adb" },
    /which Node cannot connect to\.\nHint: set it to .*localfilesystem:PATH/,
  ],
  [{ ADB_SERVER_SOCKET: "tcp:0" }, /no port/],
])("%j is refused", (environment, message) => {
  expect(() => adbServerAddress(environment)).toThrow(message);
});

test("the program is led to that very address, whatever host the environment names", () => {
  const address = { host: "127.0.0.1", port: 5038 };
  expect(adbCommand(address).slice(1)).toEqual(["-P", "5038"]);
  const saved = process.env["ANDROID_ADB_SERVER_ADDRESS"];
  process.env["ANDROID_ADB_SERVER_ADDRESS"] = "10.0.0.1";
  try {
    expect(adbCommand(address).slice(1)).toEqual(["-L", "tcp:5038"]);
  } finally {
    if (saved === undefined) delete process.env["ANDROID_ADB_SERVER_ADDRESS"];
    else process.env["ANDROID_ADB_SERVER_ADDRESS"] = saved;
  }
});

test("a server on a socket in a file is started and talked to", async () => {
  const path = join(tmpdir(), `avf-adb-${process.pid}`);
  const spec = `localfilesystem:${path}`;
  try {
    const { client, command } = await openAdbServer(adbServerAddress({ ADB_SERVER_SOCKET: spec }));
    expect(command).toEqual(["adb", "-L", spec]);
    const tracker = await client.trackDevices();
    tracker.end();
    expect(await inspectAdbServer(adbServerAddress({ ADB_SERVER_SOCKET: spec }))).toEqual({ where: spec, version: 41 });
  } finally {
    spawnSync("adb", ["-L", spec, "kill-server"]);
    rmSync(path, { force: true });
  }
});

test("a server on an IPv6 address is used; without one the error says how to start it", async () => {
  const port = await freePort();
  const address = adbServerAddress({ ADB_SERVER_SOCKET: `tcp:[::1]:${port}` });
  await expect(openAdbServer(address)).rejects.toMatchObject({
    code: "ADB_SERVER",
    hint: expect.stringContaining(`adb -L tcp:[::1]:${port} nodaemon server`),
  });
  const server = spawn("adb", ["-L", `tcp:[::1]:${port}`, "nodaemon", "server"], { stdio: "ignore" });
  try {
    while ((await inspectAdbServer(address)).version === undefined) expect(server.exitCode).toBeNull();
    const { client, command } = await openAdbServer(address);
    expect(command).toEqual(["adb", "-L", `tcp:[::1]:${port}`]);
    (await client.trackDevices()).end();
  } finally {
    server.kill("SIGKILL");
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("what answers like a server and has no version is none", async () => {
  const listener = createServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.end("OKAY0004none"));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  await expect(openAdbServer({ host: "127.0.0.1", port })).rejects.toMatchObject({
    code: "ADB_SERVER",
    message: expect.stringContaining('its version is "none"'),
  });
  listener.close();
});

test("a server of another version is refused, and left alone", async () => {
  const fake = await FakeAdbServer.start(99);
  await expect(openAdbServer(fake.address)).rejects.toMatchObject({
    code: "ADB_VERSION",
    message: expect.stringContaining(`127.0.0.1:${fake.address.port} speaks version 99`),
  });
  // Who only looks is told the same.
  await expect(inspectAdbServer(fake.address)).rejects.toMatchObject({ code: "ADB_VERSION" });
  expect(fake.requests).toEqual(["host:version", "host:version"]);
  await fake.stop();
});

test("something else on the server's port is reported as such, with another port to try", async () => {
  const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(openAdbServer({ host: "127.0.0.1", port })).rejects.toMatchObject({
    code: "ADB_SERVER",
    message: expect.stringContaining("HTTP/1.1"),
    hint: expect.stringContaining("ANDROID_ADB_SERVER_PORT"),
  });
  other.close();
});
