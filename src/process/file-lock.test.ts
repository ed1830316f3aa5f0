import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeFileLock } from "./file-lock.js";
import { identify } from "./identity.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-lock-"));
  path = join(folder, "deep/setup.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("takeFileLock", () => {
  test("is free again after release", async () => {
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).release();
    expect(existsSync(path)).toBe(false);
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).release();
  });

  test("waits for a living owner, says who it is, and gives up at the deadline", async () => {
    const lock = await takeFileLock(path, { purpose: "building", timeoutMs: 1_000 });
    const waited: string[] = [];
    const second = takeFileLock(path, {
      purpose: "testing",
      timeoutMs: 0,
      onWait: (owner) => waited.push(`${owner.pid} ${owner.purpose}`),
    });
    await expect(second).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
      message: expect.stringContaining("building") as unknown,
    });
    expect(waited).toEqual([`${process.pid} building`]);
    lock.release();
  });

  test("gets the lock once its owner lets go", async () => {
    const lock = await takeFileLock(path, { purpose: "building", timeoutMs: 1_000 });
    const second = takeFileLock(path, { purpose: "testing", timeoutMs: 10_000, onWait: () => lock.release() });
    (await second).release();
  });

  test("releases nothing that another took in its place", async () => {
    const lock = await takeFileLock(path, { purpose: "building", timeoutMs: 1_000 });
    rmSync(path);
    const second = await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 });
    lock.release();
    expect(existsSync(path)).toBe(true);
    second.release();
    expect(existsSync(path)).toBe(false);
  });

  test("tells since when it is held", async () => {
    const lock = await takeFileLock(path, { purpose: "building", timeoutMs: 1_000 });
    const late = takeFileLock(path, { purpose: "testing", timeoutMs: 0 });
    await expect(late).rejects.toThrow(/is still building since \d\d:\d\d:\d\d \(\d+ ms ago\)/);
    lock.release();
  });

  test("takes over from an owner that is dead", async () => {
    const child = spawn("sleep", ["100"]);
    const owner = identify(child.pid ?? 0);
    expect(owner).toBeDefined();
    (await takeFileLock(path, { purpose: "", timeoutMs: 1_000 })).release();
    writeFileSync(path, JSON.stringify({ ...owner, purpose: "dying" }));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).release();
  });

  test("takes over from a process whose id was given to another since", async () => {
    (await takeFileLock(path, { purpose: "", timeoutMs: 1_000 })).release();
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTicks: "1", purpose: "long gone" }));
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).release();
  });

  test("takes over a lock that holds nonsense", async () => {
    (await takeFileLock(path, { purpose: "", timeoutMs: 1_000 })).release();
    writeFileSync(path, "{");
    await expect(takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).resolves.toBeDefined();
  });
});
