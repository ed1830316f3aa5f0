/** With adb servers of our own, and a device that says hello as adbd does (AOSP adb: protocol.txt). */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { adbServerAddress } from "../../device/adb/server/server-address.js";
import { openAdbServer } from "../../device/adb/server/server.js";
import { forgetAdbOfEnded, forgetWith, ownAdbServer, sweepNotes } from "./adb-connection.js";

let folder: string;
let spec: string;
let adb: Server | undefined;
const sockets = new Set<Socket>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "avf-adb-of-ended-"));
  spec = `localfilesystem:${join(folder, "server")}`;
  await openAdbServer(address());
});
afterEach(endDevice);
afterAll(() => {
  spawnSync("adb", ["-L", spec, "kill-server"]);
  rmSync(folder, { recursive: true });
});

const address = (): ReturnType<typeof adbServerAddress> => adbServerAddress({ ADB_SERVER_SOCKET: spec });
const isListed = (serial: string): boolean =>
  spawnSync("adb", ["-L", spec, "devices"], { encoding: "utf8" }).stdout.includes(`${serial}\t`);
const notes = (): readonly string[] => readdirSync(folder).filter((name) => name.startsWith(".adb-"));

/** @returns the serial of a device that the server knows */
async function connectDevice(): Promise<string> {
  adb = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("data", () => void socket.write(hello()));
  });
  await new Promise<void>((resolve) => adb?.listen(0, "127.0.0.1", resolve));
  const serial = `127.0.0.1:${(adb.address() as AddressInfo).port}`;
  const { client } = await openAdbServer(address());
  await client.connect("127.0.0.1", Number(serial.split(":")[1]));
  expect(isListed(serial)).toBe(true);
  return serial;
}

function hello(): Buffer {
  const banner = Buffer.from("device::features=shell_v2");
  const header = Buffer.alloc(24);
  const sum = banner.reduce((total, byte) => total + byte, 0);
  const words = [0x4e584e43, 0x01000000, 4096, banner.length, sum, (0x4e584e43 ^ 0xffffffff) >>> 0];
  words.forEach((word, at) => header.writeUInt32LE(word, at * 4));
  return Buffer.concat([header, banner]);
}

async function endDevice(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => (adb ? adb.close(resolve) : resolve(undefined)));
  adb = undefined;
}

test("the server that was told of a device forgets it, which is not the one of this process", async () => {
  const serial = await connectDevice();
  const adbServer = { ...ownAdbServer(), address: address() };
  // Somebody listens there: another device by now.
  expect(await forgetAdbOfEnded({ serial, adbServer })).toBe(true);
  expect(isListed(serial)).toBe(true);
  await endDevice();
  expect(isListed(serial)).toBe(true);
  expect(await forgetAdbOfEnded({ serial, adbServer })).toBe(true);
  expect(isListed(serial)).toBe(false);
});

test("a server with a socket in the file system forgets what has ended in another network, and nothing else", async () => {
  const serial = await connectDevice();
  const adbServer = { address: address(), network: "another" };
  // Alive, under the same serial: one of this network, or whose end adb has not noticed.
  expect(await forgetAdbOfEnded({ serial, adbServer })).toBe(false);
  expect(isListed(serial)).toBe(true);
  await endDevice();
  expect(await forgetAdbOfEnded({ serial, adbServer })).toBe(true);
  expect(isListed(serial)).toBe(false);
  const none = { spec: `localfilesystem:${join(folder, "none")}`, path: join(folder, "none") };
  expect(await forgetAdbOfEnded({ serial, adbServer: { address: none, network: "another" } })).toBe(false);
});

test("who did not remove the device itself leaves the connection to whoever did", async () => {
  const serial = await connectDevice();
  await endDevice();
  const adbServer = { ...ownAdbServer(), address: address() };
  expect(await forgetWith(folder, { serial, adbServer }, async () => false)).toBe(false);
  expect([isListed(serial), notes()]).toEqual([true, []]);
  // As after SIGKILL in between.
  await expect(forgetWith(folder, { serial, adbServer }, () => Promise.reject(new Error("killed")))).rejects.toThrow();
  expect(notes()).toHaveLength(1);
  await sweepNotes(folder);
  expect([isListed(serial), notes()]).toEqual([false, []]);
});

test("a server that does not run is not started", async () => {
  const path = join(folder, "none");
  const adbServer = { ...ownAdbServer(), address: { spec: `localfilesystem:${path}`, path } };
  expect(await forgetAdbOfEnded({ serial: "127.0.0.1:1", adbServer })).toBe(true);
  expect(existsSync(path)).toBe(false);
});

test("what only its own network can reach is noted for a sweep there", async () => {
  const serial = await connectDevice();
  await endDevice();
  const elsewhere = { address: { host: "127.0.0.1", port: 5037 }, network: "another" };
  expect(await forgetWith(folder, { serial, adbServer: elsewhere }, async () => true)).toBe(true);
  await sweepNotes(folder);
  const [note = ""] = notes();
  expect(notes()).toHaveLength(1);
  // As a process of that network sees it.
  const adbServer = { address: address(), network: ownAdbServer().network };
  writeFileSync(join(folder, note), JSON.stringify({ serial, adbServer }));
  await sweepNotes(folder);
  expect(notes()).toEqual([]);
  expect(isListed(serial)).toBe(false);
});

test("a note of a network that nobody came from for a day is removed, and a damaged one with it", async () => {
  const elsewhere = { address: { host: "127.0.0.1", port: 5037 }, network: "another" };
  await forgetWith(folder, { serial: "127.0.0.1:1", adbServer: elsewhere }, async () => true);
  writeFileSync(join(folder, ".adb-0123456789abcdef.json"), "{");
  writeFileSync(join(folder, ".adb-0123456789abcde0.json"), "{}");
  await sweepNotes(folder);
  expect(notes()).toHaveLength(2);
  for (const note of notes()) utimesSync(join(folder, note), 1, 1);
  await sweepNotes(folder);
  expect(notes()).toEqual([]);
});
