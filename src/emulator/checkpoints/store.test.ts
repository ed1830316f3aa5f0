import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmulatedDevice } from "../devices/running-device.js";
import { checkpointsFolder, dropCheckpoint, findCheckpoint, keepCheckpoint, pruneCheckpoints } from "./store.js";

const HOUR_MS = 3_600_000;
const KEYS = ["aaaaaaaa", "bbbbbbbb", "cccccccc"] as const;

let cache: string;
let failure: Error | undefined;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "avf-store-"));
  failure = undefined;
});
afterEach(() => rmSync(cache, { recursive: true }));

const device = {
  save: async (folder: string) => {
    mkdirSync(folder);
    if (failure) throw failure;
    writeFileSync(join(folder, "memory"), Buffer.alloc(64 << 10, 1));
    writeFileSync(join(folder, "state"), "");
  },
} as unknown as EmulatedDevice;
const keys = (): readonly string[] => readdirSync(checkpointsFolder(cache)).sort();

/** Kept, and used so long ago. */
async function keep(key: string, agoMs: number): Promise<void> {
  const { folder } = await keepCheckpoint(cache, key, device, `note of ${key}`);
  const used = new Date(Date.now() - agoMs);
  utimesSync(folder, used, used);
}

describe("a checkpoint", () => {
  test("is found under its key, with its note, and counts as used then", async () => {
    await keep(KEYS[0], 5 * HOUR_MS);
    const found = await findCheckpoint(cache, KEYS[0]);
    expect(found?.note).toBe("note of aaaaaaaa");
    expect(existsSync(join(found?.folder ?? "", "memory"))).toBe(true);
    expect(Date.now() - statSync(found?.folder ?? "").mtimeMs).toBeLessThan(HOUR_MS);
    expect(await findCheckpoint(cache, KEYS[1])).toBeUndefined();
  });

  test("is private, whoever created that folder before", async () => {
    mkdirSync(join(cache, "checkpoints"), { recursive: true, mode: 0o755 });
    await keep(KEYS[0], 0);
    expect((statSync(join(cache, "checkpoints")).mode & 0o777).toString(8)).toBe("700");
  });

  test("that another process kept meanwhile is as good", async () => {
    await keep(KEYS[0], 0);
    expect((await keepCheckpoint(cache, KEYS[0], device, "later")).note).toBe("note of aaaaaaaa");
    expect(keys()).toEqual([KEYS[0]]);
  });

  test("that is unusable is removed, but not another one that has replaced it by then", async () => {
    const first = await keepCheckpoint(cache, KEYS[0], device, "first");
    expect((await findCheckpoint(cache, KEYS[0]))?.identity).toBe(first.identity);
    await dropCheckpoint(first);
    expect(keys()).toEqual([]);
    // A file that is made now would get the number of the one that was just removed.
    const kept = join(cache, "kept");
    writeFileSync(kept, "");
    const second = await keepCheckpoint(cache, KEYS[0], device, "second");
    await dropCheckpoint(first);
    expect(keys()).toEqual([KEYS[0]]);
    await dropCheckpoint(second);
    expect(keys()).toEqual([]);
  });

  test("that could not be made leaves nothing", async () => {
    failure = new Error("disk full");
    await expect(keepCheckpoint(cache, KEYS[0], device, "")).rejects.toThrow("disk full");
    expect(keys()).toEqual([]);
  });

  test("has a key that is not a path", async () => {
    await expect(findCheckpoint(cache, "../../etc")).rejects.toThrow("not the key");
  });
});

describe("space is freed", () => {
  test("by removing those unused for days, and what a killed run left half-made", async () => {
    await keep(KEYS[0], 100 * HOUR_MS);
    await keep(KEYS[1], HOUR_MS);
    const left = join(checkpointsFolder(cache), `${KEYS[2]}.2147483646.tmp`);
    mkdirSync(left);
    utimesSync(left, 0, 0);
    // Looked at in the moment when another process puts one in its place: nobody can tell its age.
    symlinkSync("nowhere", join(checkpointsFolder(cache), KEYS[2]));
    await pruneCheckpoints(cache);
    expect(keys()).toEqual([KEYS[1], KEYS[2]]);
  });

  test("by removing the least recently used ones when all take too much, but not one that may be in use", async () => {
    await keep(KEYS[0], 3 * HOUR_MS);
    await keep(KEYS[1], 2 * HOUR_MS);
    await keep(KEYS[2], 0);
    await pruneCheckpoints(cache, Date.now(), 150 << 10);
    expect(keys()).toEqual([KEYS[1], KEYS[2]]);
    await pruneCheckpoints(cache, Date.now(), 1);
    expect(keys()).toEqual([KEYS[2]]);
  });
});
