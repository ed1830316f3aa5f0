import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { RunRecord } from "../../artifacts/run-record.js";
import type { Device } from "../../device/contract.js";
import { watchDevice, type HeldThing } from "./watched-device.js";

let folder: string;
let record: RunRecord;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watched-"));
  record = new RunRecord(folder);
});
afterEach(() => {
  record.close();
  rmSync(folder, { recursive: true });
});

/** Notes the options of each call. */
function device(calls: unknown[]): Device {
  const answer = (options: unknown): Promise<never> => {
    calls.push(options);
    return Promise.resolve({ exitCode: 0 } as never);
  };
  const forward = { hostPort: 1, remote: "tcp:1", close: async () => void calls.push("forward closed") };
  return {
    serial: "fake",
    exec: (_argv: unknown, options: unknown) => answer(options),
    pull: () => Promise.reject(new Error("no such file")),
    forward: async () => forward,
    connect: async () => new PassThrough(),
  } as unknown as Device;
}

describe("a watched device", () => {
  test("records calls with their outcome", async () => {
    const watched = watchDevice(device([]), { record });
    await watched.exec(["getprop"]);
    await expect(watched.pull("/x", "y")).rejects.toThrow("no such file");
    record.flush();
    const events = readFileSync(record.file, "utf8").trimEnd().split("\n");
    expect(events.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ kind: "process-started" }),
      expect.objectContaining({ kind: "device-call", call: "exec", argv: ["getprop"], exitCode: 0 }),
      expect.objectContaining({ call: "pull", argv: ["/x", "y"], failure: "no such file" }),
    ]);
  });

  test("records calls of a test once, and none of one that is over", async () => {
    const ofTest = new AbortController();
    const noted: unknown[] = [];
    const busy = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      noted.push(what);
      return work();
    };
    const tests = { signal: () => ofTest.signal, held: new Set<HeldThing>(), busy };
    const watched = watchDevice(device([]), { record, onCall: (argv) => noted.push(argv), tests });
    await watched.exec(["getprop"]);
    ofTest.abort(new Error("test over"));
    await expect(watched.exec(["id"])).rejects.toThrow("test over");
    record.flush();
    const events = readFileSync(record.file, "utf8").trimEnd().split("\n");
    expect(events.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ kind: "process-started" }),
      expect.objectContaining({ kind: "device-call", call: "exec", argv: ["getprop"], exitCode: 0 }),
    ]);
    expect(noted).toEqual(['waiting in device.exec(["getprop"])', ["getprop"], 'waiting in device.exec(["id"])']);
  });

  test("makes no call of anybody's once the device is lost, and ends those under way", async () => {
    const calls: unknown[] = [];
    const lost = new AbortController();
    const plain = { ...device(calls), spawn: () => calls.push("spawn") } as unknown as Device;
    const tests = { signal: () => new AbortController().signal, held: new Set<HeldThing>() };
    const ofSession = watchDevice(plain, { record, lost: lost.signal });
    const ofTests = watchDevice(plain, { record: undefined, lost: lost.signal, tests });
    await ofSession.exec(["a"]);
    await ofTests.exec(["b"]);
    lost.abort(new Error("somebody else has it"));
    expect((calls as { signal: AbortSignal }[]).map(({ signal }) => signal.reason as unknown)).toEqual([
      new Error("somebody else has it"),
      new Error("somebody else has it"),
    ]);
    await expect(ofSession.exec(["c"])).rejects.toThrow("somebody else has it");
    await expect(ofTests.exec(["d"])).rejects.toThrow("somebody else has it");
    expect(() => ofTests.spawn(["e"])).toThrow("somebody else has it");
    expect(calls).toHaveLength(2);
    record.flush();
    expect(readFileSync(record.file, "utf8")).toMatch(/"argv":\["c"\].*"failure":"somebody else has it"/);
  });

  test("is in all else its device: what it says of itself, and its end", async () => {
    const gone = new AbortController();
    let closed = 0;
    const plain = { ...device([]), gone: gone.signal, close: async () => void closed++ };
    const watched = watchDevice(plain, { record: undefined });
    expect([watched.serial, watched.gone]).toEqual(["fake", gone.signal]);
    await watched.close();
    expect(closed).toBe(1);
  });

  test("passes the test's signal to each call, in addition to the caller's own", async () => {
    const calls: unknown[] = [];
    const ofTest = new AbortController();
    const own = new AbortController();
    const watched = watchDevice(device(calls), {
      record: undefined,
      tests: { signal: () => ofTest.signal, held: new Set() },
    });
    await watched.exec(["a"], { signal: own.signal, timeoutMs: 5 });
    const [{ signal, timeoutMs }] = calls as [{ signal: AbortSignal; timeoutMs: number }];
    expect(timeoutMs).toBe(5);
    ofTest.abort(new Error("test over"));
    expect(signal.aborted).toBe(true);
    await expect(watched.exec(["b"])).rejects.toThrow("test over");
    expect(calls).toHaveLength(1);
  });

  test("holds what a test opens, and not what a hook does", async () => {
    const calls: unknown[] = [];
    const held = new Set<HeldThing>();
    const context: { signal?: AbortSignal } = {};
    const watched = watchDevice(device(calls), { record: undefined, tests: { signal: () => context.signal, held } });
    await watched.forward("tcp:1");
    expect(held.size).toBe(0);
    context.signal = new AbortController().signal;
    await watched.forward("tcp:1");
    expect([...held].map(({ what }) => what)).toEqual([
      expect.stringMatching(/^forward from 127\.0\.0\.1:\d+ to tcp:1$/),
    ]);
    for (const thing of held) await thing.end();
    expect(calls).toEqual(["forward closed"]);
    held.clear();
    await (await watched.forward("tcp:1")).close();
    expect(held.size).toBe(0);
  });

  test("holds a connection until it is closed", async () => {
    const held = new Set<HeldThing>();
    const signal = new AbortController().signal;
    const watched = watchDevice(device([]), { record: undefined, tests: { signal: () => signal, held } });
    const stream = await watched.connect("/dev/socket/x");
    expect([...held].map(({ what }) => what)).toEqual(["connection to /dev/socket/x"]);
    const closed = once(stream, "close");
    for (const thing of held) await thing.end();
    await closed;
    expect(held.size).toBe(0);
  });
});
