import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { LogBuffer } from "../log/log-buffer.js";
import type { VsockConnection } from "../virtualization/channels/vsock-relay.js";
import { TombstoneReceiver } from "./receiver.js";
import { TombstoneStore } from "./store.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "avfd-tombstones-"));
});
afterEach(() => rm(folder, { recursive: true }));

const messages = (log: LogBuffer): readonly string[] =>
  log.entries().map(({ priority, tag, message }) => `${priority} ${tag}: ${message}`);

function guest(cid: number): VsockConnection & { dropped: boolean } {
  const connection = { cid, dropped: false, send: () => undefined, drop: () => void (connection.dropped = true) };
  return connection;
}

/** Waits for something that the receiver writes into the log. */
async function logged(log: LogBuffer, pattern: RegExp): Promise<void> {
  if (messages(log).some((line) => pattern.test(line))) return;
  const stop = new AbortController();
  await new Promise<void>((resolve) => log.follow(stop.signal, (entry) => pattern.test(entry.message) && resolve()));
  stop.abort();
}

test("what two guests send at once becomes two files, and Android's lines in the log", async () => {
  const log = new LogBuffer();
  const receiver = new TombstoneReceiver(new TombstoneStore(join(folder, "tombstones")), log);
  const [a, b] = [guest(2048), guest(2049)];
  receiver.onOpen(a);
  receiver.onOpen(b);
  receiver.onLine(a, "*** ***");
  receiver.onLine(b, "of b, with ü");
  receiver.onLine(a, "pid: 1");
  receiver.onClosed(b);
  receiver.onClosed(a);
  await logged(log, /Tombstone written to: tombstone_01/);
  expect(await readFile(join(folder, "tombstones/tombstone_00"), "utf8")).toBe("of b, with ü\n");
  expect(await readFile(join(folder, "tombstones/tombstone_01"), "utf8")).toBe("*** ***\npid: 1\n");
  expect((await stat(join(folder, "tombstones/tombstone_00"))).mode & 0o777).toBe(0o640);
  expect(messages(log)).toEqual([
    "I VirtualizationService: Vsock Stream connected to cid=2048 for tombstones",
    "I VirtualizationService: Vsock Stream connected to cid=2049 for tombstones",
    "I VirtualizationService: Received 14 bytes from guest & wrote to tombstone file",
    "E tombstoned: Tombstone written to: tombstone_00",
    "I VirtualizationService: Received 15 bytes from guest & wrote to tombstone file",
    "E tombstoned: Tombstone written to: tombstone_01",
  ]);
});

test("a guest that sends without end is cut off, and leaves no file", async () => {
  const log = new LogBuffer();
  const receiver = new TombstoneReceiver(new TombstoneStore(folder), log);
  const sender = guest(2048);
  receiver.onOpen(sender);
  for (let lines = 0; lines < 1100 && !sender.dropped; lines++) receiver.onLine(sender, "x".repeat(4095));
  receiver.onClosed(sender);
  expect(sender.dropped).toBe(true);
  await logged(log, /Failed to write tombstone- guest 2048 sent more than/);
  expect(await readdir(folder)).toEqual([]);
});

test("of 32 files the oldest makes room", async () => {
  const store = new TombstoneStore(folder);
  for (let index = 0; index < 32; index++) {
    expect(await store.add(`${index}`)).toBe(`tombstone_${String(index).padStart(2, "0")}`);
  }
  await rm(join(folder, "tombstone_07"));
  expect(await store.add("fills the gap")).toBe("tombstone_07");
  const oldest = await store.add("replaces");
  expect(await readFile(join(folder, oldest), "utf8")).toBe("replaces");
  expect(await readdir(folder)).toHaveLength(32);
});
