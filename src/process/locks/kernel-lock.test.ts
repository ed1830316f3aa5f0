import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { buildHostHelper, type BuiltHelper } from "../testing/built-helper.js";
import { buildLockChild, LockChild } from "../testing/lock-child.js";

const real = spawnSync("sh", ["-c", "command -v flock"], { encoding: "utf8" }).stdout.trim();
let folder: string;
let script: string;
let helper: BuiltHelper;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-flock-"));
  script = buildLockChild(folder);
  helper = buildHostHelper();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  helper.remove();
});

/** What the others say of an option that they do not know; in the rest they are as util-linux's without it. */
const KNOWS_NO_E = (words: string): string => `case "$1" in -E) printf '%b' '${words}' >&2; exit 1;; esac\n`;
const BUSYBOX = KNOWS_NO_E("flock: invalid option -- E\\nBusyBox v1.36.1 () multi-call binary.\\n");
const TOYBOX = KNOWS_NO_E('flock: Unknown option "E" (see "flock --help")\\n');

/** @returns a process that finds this as its flock */
function childWith(name: string, lines: string): LockChild {
  const bin = join(folder, name);
  mkdirSync(bin);
  writeFileSync(join(bin, "flock"), `#!/bin/sh\n${lines}exec ${real} "$@"\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, AVF_CACHE_DIR: join(folder, "cache") };
  return new LockChild(script, [], env);
}

describe.each([
  ["util-linux", ""],
  ["busybox", BUSYBOX],
  ["toybox", TOYBOX],
])("with the flock of %s", (name, lines) => {
  test.each([
    ["", ""],
    [", and a loader that complains", "echo 'ERROR: ld.so: object x.so cannot be preloaded' >&2\n"],
  ])("one has the lock, the other learns that it is taken%s", async (what, noise) => {
    const child = childWith(`${name}${what.length}`, noise + lines);
    const lock = join(folder, `${name}${what.length}.lock`);
    expect(await child.ask({ tryAgain: lock })).toBe(true);
    expect(await child.ask({ tryLock: lock })).toEqual([false, false]);
    await child.kill();
  });

  test("an error of the program does not count as a taken lock", async () => {
    // Nothing is behind the descriptor that it is given.
    const child = childWith(`${name}-broken`, `${lines}exec 3>&-\n`);
    expect(await child.ask({ tryAgain: join(folder, "free.lock") })).toBe("FLOCK_FAILED");
    await child.kill();
  });
});

test("where the device package is installed, a host needs no flock", async () => {
  const modules = join(folder, "project/node_modules");
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(helper.packageFolder, "package.json"), "{}");
  symlinkSync(helper.packageFolder, join(modules, "jest-avf-device"));
  const env = { ...process.env, PATH: modules, AVF_CACHE_DIR: join(folder, "cache") };
  const child = new LockChild(script, [], env);
  await child.ask({ goTo: join(folder, "project") });
  const lock = join(folder, "without-flock.lock");
  expect(await child.ask({ tryAgain: lock })).toBe(true);
  expect(await child.ask({ tryLock: lock })).toEqual([false, false]);
  await child.kill();
});

test("the package's program distinguishes an error from a taken lock", () => {
  const call = (...words: readonly string[]): { readonly status: number | null; readonly stderr: string } =>
    spawnSync(helper.program, ["flock", ...words], { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  expect(call("-E", "75", "-xn", "9")).toMatchObject({ status: 71, stderr: "flock: 9: Bad file descriptor\n" });
  expect(call("-x", "3").status).toBe(64);
});
