import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeFileLock } from "./file-lock.js";
import { identify } from "../identity.js";
import { lockFile } from "./kernel-lock.js";
import { locksByOpening } from "./open-lock.js";
import { buildLockChild, LockChild } from "../testing/lock-child.js";

/** `AVF_LOCK_ROUNDS=1000` for the long proof. */
const ROUNDS = Number(process.env["AVF_LOCK_ROUNDS"] ?? 60);
const TAKERS = 6;
const inLinux = locksByOpening() ? test.skip : test;
const savedCache = process.env["AVF_CACHE_DIR"];

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-lock-"));
  path = join(folder, "deep/setup.lock");
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  if (savedCache === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = savedCache;
});

/** Of who holds the lock. */
const purposeOf = (lockPath: string): unknown =>
  (JSON.parse(readFileSync(lockPath, "utf8")) as { readonly purpose?: unknown }).purpose;

describe("takeFileLock", () => {
  test("is free again after release", async () => {
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).release();
    expect(existsSync(path)).toBe(false);
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).release();
  });

  test("waits for a live owner, says who it is, and gives up at the deadline", async () => {
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

  test("gets the lock once its owner releases it", async () => {
    const lock = await takeFileLock(path, { purpose: "building", timeoutMs: 1_000 });
    const second = takeFileLock(path, { purpose: "testing", timeoutMs: 10_000, onWait: () => lock.release() });
    const taken = await second;
    expect(purposeOf(path)).toBe("testing");
    taken.release();
  });

  inLinux("releases nothing that another took in its place", async () => {
    const lock = await takeFileLock(path, { purpose: "building", timeoutMs: 1_000 });
    rmSync(path);
    const second = await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 });
    lock.release();
    expect(existsSync(path)).toBe(true);
    second.release();
    expect(existsSync(path)).toBe(false);
  });

  test("shows since when it is held", async () => {
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

  test("takes over from a process whose id was reused since", async () => {
    (await takeFileLock(path, { purpose: "", timeoutMs: 1_000 })).release();
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTicks: "1", purpose: "long gone" }));
    const taken = await takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 });
    expect(purposeOf(path)).toBe("testing");
    taken.release();
  });

  test("takes over a lock with invalid content", async () => {
    (await takeFileLock(path, { purpose: "", timeoutMs: 1_000 })).release();
    writeFileSync(path, "{");
    await expect(takeFileLock(path, { purpose: "testing", timeoutMs: 1_000 })).resolves.toBeDefined();
  });

  test("neither follows a link nor takes a folder for a lock", async () => {
    (await takeFileLock(path, { purpose: "", timeoutMs: 1_000 })).release();
    const victim = join(folder, "of somebody");
    writeFileSync(victim, "theirs");
    symlinkSync(victim, path);
    await expect(takeFileLock(path, { purpose: "testing", timeoutMs: 0 })).rejects.toMatchObject({ code: "ELOOP" });
    rmSync(path);
    mkdirSync(path);
    await expect(takeFileLock(path, { purpose: "testing", timeoutMs: 0 })).rejects.toMatchObject({ code: "EISDIR" });
    expect(spawnSync("cat", [victim], { encoding: "utf8" }).stdout).toBe("theirs");
  });

  test("is free after a taker that could not say who it is, as on a full disk", async () => {
    const failing = {
      timeoutMs: 0,
      get purpose(): string {
        throw new Error("ENOSPC");
      },
    };
    await expect(takeFileLock(path, failing)).rejects.toThrow("ENOSPC");
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 0 })).release();
  });

  inLinux("names no process to end when the owner is not known", async () => {
    (await takeFileLock(path, { purpose: "", timeoutMs: 0 })).release();
    const fd = openSync(path, "w");
    try {
      expect(await lockFile(fd, false)).toBe(true);
      const hint = "if that process hangs, end it and try again";
      await expect(takeFileLock(path, { purpose: "testing", timeoutMs: 0 })).rejects.toMatchObject({ hint });
    } finally {
      closeSync(fd);
    }
  });

  test("a wait ends with its signal, and leaves nothing that could take the lock later", async () => {
    const lock = await takeFileLock(path, { purpose: "building", timeoutMs: 1_000 });
    const controller = new AbortController();
    const onWait = (): void => void setImmediate(() => controller.abort(new Error("interrupted")));
    const wait = takeFileLock(path, { purpose: "testing", timeoutMs: 60_000, signal: controller.signal, onWait });
    await expect(wait).rejects.toThrow("interrupted");
    lock.release();
    (await takeFileLock(path, { purpose: "testing", timeoutMs: 0 })).release();
  });
});

describe("between processes", () => {
  const children = new Set<LockChild>();
  let script: string;
  beforeEach(() => {
    script = buildLockChild(folder);
  });
  afterEach(async () => {
    await Promise.all([...children].map((child) => child.kill()));
    children.clear();
  });
  const start = (...within: readonly string[]): LockChild => {
    const child = new LockChild(script, within);
    children.add(child);
    return child;
  };

  test(`${TAKERS} takers at once: one gets it, ${ROUNDS} times, whatever a dead owner left`, async () => {
    const takers = Array.from({ length: TAKERS }, () => start());
    mkdirSync(join(path, ".."));
    const { pid } = spawnSync("true");
    const held: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // What an earlier version left, or nonsense, or what a killed holder did.
      if (round % 10 < 8) writeFileSync(path, round % 2 === 0 ? JSON.stringify({ pid, startTicks: "1" }) : "{");
      const answers = await Promise.all(takers.map((taker) => taker.ask({ take: path })));
      const winners = answers.flatMap(({ kind }, taker) => (kind === "held" ? [taker] : []));
      held.push(winners.length);
      for (const winner of winners) {
        if (round % 20 === 7) {
          await takers[winner]?.kill();
          takers[winner] = start();
        } else await takers[winner]?.ask({ release: true });
      }
    }
    expect(held).toEqual(Array.from({ length: ROUNDS }, () => 1));
    expect(readdirSync(join(path, ".."))).toEqual([]);
  }, 900_000);

  const within = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
  const inNamespace = spawnSync(within[0] ?? "", [...within.slice(1), "true"]).status === 0 ? test : test.skip;

  inNamespace("an owner in another pid namespace is not dead: it holds the lock until it is", async () => {
    const [inside, outside] = [start(...within), start()];
    expect(await inside.ask({ take: path })).toEqual({ kind: "held" });
    // Whatever its pid is here: 1, or one of those that come after it.
    expect(await outside.ask({ take: path })).toEqual({
      kind: "busy",
      message: expect.stringMatching(/^Process \d+ of another container, host or boot \(.+\) is still racing/),
    });
    await inside.kill();
    let answer = await outside.ask({ take: path });
    // Its namespace ends with it, in the kernel's own time.
    while (answer.kind === "busy") answer = await outside.ask({ take: path });
    const another = start(...within);
    expect(await another.ask({ take: path })).toMatchObject({ kind: "busy" });
    await outside.ask({ release: true });
    expect(await another.ask({ take: path })).toEqual({ kind: "held" });
  });

  inNamespace(
    "a process in another pid namespace lives for those outside until it has ended, and so the other way",
    async () => {
      const [inside, outside] = [start(...within), start()];
      const [theirs, ours] = [
        await inside.ask<object>({ introduce: true }),
        await outside.ask<object>({ introduce: true }),
      ];
      expect(await outside.ask({ gone: theirs })).toEqual({ gone: false });
      expect(await inside.ask({ gone: ours })).toEqual({ gone: false });
      await outside.kill();
      expect(await inside.ask({ gone: ours })).toEqual({ gone: true });
      await inside.kill();
      const last = start();
      while (!(await last.ask<{ gone: boolean }>({ gone: theirs })).gone);
      // What has no proof of life is not known to be gone.
      expect(await last.ask({ gone: { ...theirs, life: undefined } })).toEqual({ gone: false });
    },
  );
});
