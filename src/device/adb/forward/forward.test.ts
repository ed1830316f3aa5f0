import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { until } from "../../../base/testing/until.js";
import { FakeAdbServer } from "../../testing/fake-adb-server.js";
import type { AdbConnection } from "../server/connection.js";
import { openForward } from "./forward.js";
import { sweepForwards } from "../notes/forward-records.js";
import type { AdbServer } from "../server/server.js";

/** Of another device. */
const OTHERS = "other tcp:39999 tcp:1";

let fake: FakeAdbServer;
let folder: string;
let connection: AdbConnection;
let server: AdbServer;
let gone: AbortController;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "avf-forward-"));
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
  fake = await FakeAdbServer.start();
  fake.forwards = [OTHERS];
  gone = new AbortController();
  server = { address: fake.address, port: 5037, client: {} as never, command: ["adb"] };
  connection = {
    serial: "phone",
    server,
    gone: gone.signal,
    adb: (...args: readonly string[]) => ["true", ...args],
    explain: async (error: unknown) => error,
  } as unknown as AdbConnection;
});
afterEach(async () => {
  await fake.stop();
  delete process.env["AVF_CACHE_DIR"];
  rmSync(folder, { recursive: true });
});

const list = (): readonly string[] => fake.forwards;
function settled(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
const notes = (): readonly string[] => readdirSync(join(folder, "cache/forwards"));

test("a forward is opened on a free port, and removed once", async () => {
  const forward = await openForward(connection, "vsock:2048:5555");
  expect(list()).toContain(`phone tcp:${forward.hostPort} vsock:2048:5555`);
  expect(notes()).toHaveLength(1);
  await forward.close();
  await forward.close();
  expect(list()).toEqual([OTHERS]);
  expect(notes()).toEqual([]);
});

test("a port that another took in between is left to it", async () => {
  fake.isNextTaken = true;
  const forward = await openForward(connection, "tcp:5555");
  expect(list()).toEqual([OTHERS, `phone tcp:${forward.hostPort} tcp:5555`]);
  expect(notes()).toHaveLength(1);
  await forward.close();
  expect(notes()).toEqual([]);
});

test("a call that is cancelled while adb works on it leaves no forward", async () => {
  const { promise: isAsked, resolve: asked } = settled();
  const { promise: mayAnswer, resolve: answer } = settled();
  fake.beforeForward = () => {
    asked();
    return mayAnswer;
  };
  const controller = new AbortController();
  const forward = openForward(connection, "tcp:5555", { signal: controller.signal });
  forward.catch(() => undefined);
  await isAsked;
  expect(notes()).toHaveLength(1);
  controller.abort(new Error("given up"));
  await expect(forward).rejects.toThrow("given up");
  answer();
  await until("the note to go", () => notes().length === 0);
  expect(list()).toEqual([OTHERS]);
});

test("closing is fine when adb has forgotten the forward already", async () => {
  const forward = await openForward(connection, "tcp:5555");
  fake.forwards = [];
  await forward.close();
  expect(notes()).toEqual([]);
});

test("the forwards of a lost device are gone: the port may belong to another", async () => {
  const forward = await openForward(connection, "tcp:5555");
  gone.abort(new Error("gone"));
  await forward.close();
  expect(list()).toHaveLength(2);
  expect(notes()).toEqual([]);
});

test("a port that leads elsewhere by now is left alone", async () => {
  const forward = await openForward(connection, "tcp:5555");
  // adb removes the forward of a port whatever device it leads to.
  const theirs = `other tcp:${forward.hostPort} tcp:1`;
  fake.forwards = [theirs];
  await forward.close();
  expect(list()).toEqual([theirs]);
  expect(notes()).toEqual([]);
});

test.each(["", "5555", "tcp:x", "tcp:1;tcp:2", "vsock:1", "jdwp:1"])("a forward to %j is refused", async (remote) => {
  await expect(openForward(connection, remote)).rejects.toMatchObject({ kind: "usage", code: "FORWARD_REMOTE" });
});

describe("sweep", () => {
  const dead = (): number => spawnSync("true").pid;
  const note = (pid: number, hostPort: number, remote = "tcp:5555"): void => {
    mkdirSync(join(folder, "cache/forwards"), { recursive: true });
    const text = JSON.stringify({ serial: "phone", serverPort: 5037, hostPort, remote, pid, startTicks: "1" });
    writeFileSync(join(folder, `cache/forwards/${pid}-1-5037-${hostPort}.json`), text);
  };

  test("removes forwards of dead processes", async () => {
    fake.forwards = ["phone tcp:41000 tcp:5555", OTHERS];
    note(dead(), 41_000);
    await sweepForwards(server);
    expect(list()).toEqual([OTHERS]);
    expect(notes()).toEqual([]);
  });

  test("leaves forwards of live processes", async () => {
    const forward = await openForward(connection, "tcp:5555");
    await sweepForwards(server);
    expect(list()).toContain(`phone tcp:${forward.hostPort} tcp:5555`);
    expect(notes()).toHaveLength(1);
    await forward.close();
  });

  test("leaves forwards that a process of another container may hold, whatever its pid is here", async () => {
    fake.forwards = ["phone tcp:41000 tcp:5555"];
    mkdirSync(join(folder, "cache/forwards"), { recursive: true });
    const note = {
      serial: "phone",
      serverPort: 5037,
      hostPort: 41_000,
      remote: "tcp:5555",
      pid: dead(),
      startTicks: "1",
    };
    const text = JSON.stringify({ ...note, place: "another-boot pid:[1]" });
    writeFileSync(join(folder, "cache/forwards/theirs.json"), text);
    await sweepForwards(server);
    expect(list()).toEqual(["phone tcp:41000 tcp:5555"]);
    expect(notes()).toEqual(["theirs.json"]);
  });

  test("leaves a port that leads elsewhere by now", async () => {
    fake.forwards = ["phone tcp:41000 tcp:7777"];
    note(dead(), 41_000);
    await sweepForwards(server);
    expect(list()).toEqual(["phone tcp:41000 tcp:7777"]);
    expect(notes()).toEqual([]);
  });

  test("removes a record that cannot be read", async () => {
    mkdirSync(join(folder, "cache/forwards"), { recursive: true });
    writeFileSync(join(folder, "cache/forwards/half.json"), '{"pid":');
    await sweepForwards(server);
    expect(notes()).toEqual([]);
  });
});
