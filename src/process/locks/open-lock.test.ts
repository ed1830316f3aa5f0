/** Locks of macOS and Windows, in processes that take this host for a Mac: see `testing/other-host.cjs`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { buildLockChild, LockChild } from "../testing/lock-child.js";

const PRELOAD = join(__dirname, "../testing/other-host.cjs");

let folder: string;
let path: string;
let script: string;
const children = new Set<LockChild>();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-open-lock-"));
  path = join(folder, "device.json");
  script = buildLockChild(folder);
});
afterEach(async () => {
  await Promise.all([...children].map((child) => child.kill()));
  children.clear();
  rmSync(folder, { recursive: true, force: true });
});

function start(): LockChild {
  const env = { ...process.env, AVF_CACHE_DIR: join(folder, "cache"), NODE_OPTIONS: `--require ${PRELOAD}` };
  const child = new LockChild(script, [], env);
  children.add(child);
  return child;
}

test("one of several gets the lock, the others learn who has it, and its death frees it", async () => {
  const takers = [start(), start(), start()];
  const identities = await Promise.all(takers.map((taker) => taker.ask<{ pid: number }>({ introduce: true })));
  for (let round = 0; round < 6; round++) {
    // What a dead owner left, or nonsense, or nothing, so that what is told is certain to be of this round.
    const left = [JSON.stringify({ pid: process.pid, startTicks: "" }), "{", ""][round % 3] ?? "";
    if (left !== "") writeFileSync(path, left);
    const answers = await Promise.all(takers.map((taker) => taker.ask({ take: path })));
    const winner = answers.findIndex(({ kind }) => kind === "held");
    const busy = answers.filter(({ kind }) => kind === "busy").map(({ message }) => message);
    expect(busy).toHaveLength(2);
    const told = expect.stringContaining(`Process ${identities[winner]?.pid} is still racing since `) as unknown;
    if (left === "") expect(busy).toEqual([told, told]);
    await takers[winner]?.ask({ release: true });
    expect(readdirSync(folder).filter((name) => name.startsWith("device.json"))).toEqual([]);
  }
  const [first, second] = takers as [LockChild, LockChild];
  expect(await first.ask({ take: path })).toEqual({ kind: "held" });
  await first.kill();
  expect(await second.ask({ take: path })).toEqual({ kind: "held" });
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject(identities[1] ?? {});
});

test("a process is known to be gone by its proof of life, not by its id, which another may have by then", async () => {
  const [one, other] = [start(), start()];
  const identity = await one.ask<{ pid: number; life: string }>({ introduce: true });
  expect(identity).toMatchObject({ startTicks: "", life: expect.stringMatching(/^process-\d+-/) as unknown });
  expect(await other.ask({ gone: identity })).toEqual({ gone: false });
  await one.kill();
  expect(await other.ask({ gone: { ...identity, pid: process.pid } })).toEqual({ gone: true });
  expect(readdirSync(join(folder, "cache/alive"))).not.toContain(identity.life);
  // Without one the id alone counts, and in doubt it lives.
  expect(await other.ask({ gone: { ...identity, pid: process.pid, life: undefined } })).toEqual({ gone: false });
});
