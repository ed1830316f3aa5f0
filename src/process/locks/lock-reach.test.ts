import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { identify } from "../identity.js";
import { isGone, lifeHasEnded, openLife, sweepLives } from "../life.js";
import { locksTell } from "./lock-reach.js";
import { buildLockChild, LockChild } from "../testing/lock-child.js";

const savedCache = process.env["AVF_CACHE_DIR"];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-reach-"));
  process.env["AVF_CACHE_DIR"] = folder;
  mkdirSync(join(folder, "alive"));
});
afterEach(() => {
  if (savedCache === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = savedCache;
  rmSync(folder, { recursive: true });
});

/** A line of proc(5)'s mountinfo for the folder, with the file system's own options at its end. */
const mounted = (type: string, options: string): string =>
  `22 1 254:0 / / rw - ext4 /dev/vda rw\n36 22 0:40 / ${folder} rw,noatime shared:1 - ${type} server:/export ${options}\n`;
const THEIRS = { place: "11111111-2222-3333-4444-555555555555 pid:[4026531836]", host: "lab7" };

/** As a process of another host left it, or holds it there with a lock that nobody sees here. */
function lifeOf(whereabouts: object | undefined): string {
  const name = `process-4711-${randomBytes(8).toString("hex")}`;
  writeFileSync(join(folder, "alive", name), whereabouts === undefined ? "" : JSON.stringify(whereabouts));
  return name;
}

describe("a lock that can be taken", () => {
  test.each<[string, string, string, boolean]>([
    ["a disk of this host", "ext4", "rw", true],
    ["memory", "tmpfs", "rw,size=1g", true],
    ["layers on a disk", "overlay", "rw,lowerdir=/a,upperdir=/b", true],
    ["NFS 4", "nfs4", "rw,vers=4.2,local_lock=none", true],
    ["NFS 3 with a lock manager", "nfs", "rw,vers=3,local_lock=none", true],
    ["NFS 3 without one", "nfs", "rw,vers=3,nolock,local_lock=none", false],
    ["NFS that keeps flock to itself", "nfs", "rw,vers=3,local_lock=flock", false],
    ["NFS that keeps all to itself", "nfs", "rw,vers=3,local_lock=all", false],
    ["a folder that QEMU shares", "9p", "rw,trans=virtio", false],
    ["virtiofs", "virtiofs", "rw", false],
    ["sshfs", "fuse.sshfs", "rw,user_id=0", false],
    ["Windows' shares", "cifs", "rw,vers=3.1.1", false],
  ])("on %s (%s, %s) says something about a process of another host: %s", (_what, type, options, tells) => {
    const life = lifeOf(THEIRS);
    expect(isGone({ pid: 1, startTicks: "1", ...THEIRS, life }, mounted(type, options))).toBe(tells);
    expect(existsSync(join(folder, "alive", life))).toBe(!tells);
  });

  test("always covers processes under this kernel, and this machine's earlier boots", () => {
    const nineP = mounted("9p", "rw");
    const { place = "" } = identify(process.pid) ?? {};
    const container = { ...THEIRS, place: `${place.split(" ")[0]} pid:[1]` };
    expect(lifeHasEnded(lifeOf(container), nineP)).toBe(true);
    const machine = existsSync("/etc/machine-id") ? readFileSync("/etc/machine-id", "utf8").trim() : "";
    const before = { ...THEIRS, host: hostname(), machine };
    expect(lifeHasEnded(lifeOf(before), nineP)).toBe(machine !== "");
    // The same image, another host.
    expect(lifeHasEnded(lifeOf({ ...before, host: "lab7" }), nineP)).toBe(false);
    expect(lifeHasEnded(lifeOf(undefined), nineP)).toBe(false);
    expect(lifeHasEnded(lifeOf(undefined), mounted("xfs", "rw"))).toBe(true);
  });

  test("is looked up under the mount point that is nearest, whatever is in its name", () => {
    const odd = join(folder, "of two words");
    mkdirSync(odd);
    const line = (point: string, type: string): string => `36 22 0:40 / ${point} rw - ${type} x rw\n`;
    const escaped = odd.replaceAll(" ", "\\040");
    expect(locksTell(THEIRS, odd, line("/", "9p") + line(escaped, "ext4") + line(tmpdir(), "9p"))).toBe(true);
    expect(locksTell(THEIRS, odd, line("/", "ext4") + line(`${folder}/of`, "9p"))).toBe(true);
    expect(locksTell(THEIRS, odd, line(escaped, "ext4") + line(escaped, "9p"))).toBe(false);
    expect(locksTell(THEIRS, odd, "")).toBe(false);
  });
});

test("a proof of life says where it lives, and a sweep leaves it while it is held", async () => {
  const life = openLife("machine");
  expect(JSON.parse(readFileSync(join(folder, "alive", life?.name ?? ""), "utf8"))).toMatchObject({
    place: identify(process.pid)?.place,
    host: hostname(),
  });
  const holder = spawn("cat", { stdio: ["pipe", "ignore", "inherit", life?.fd ?? "ignore"] });
  lifeOf({ place: identify(process.pid)?.place });
  sweepLives();
  expect(readdirSync(join(folder, "alive"))).toEqual([life?.name]);
  holder.stdin?.end();
  await once(holder, "exit");
});

test("without locks there is no proof of life, and no file or descriptor is left of it", async () => {
  const broken = join(folder, "bin");
  mkdirSync(broken);
  writeFileSync(join(broken, "flock"), "#!/bin/sh\necho 'flock: 3: No locks available' >&2; exit 71\n", {
    mode: 0o755,
  });
  const env = { ...process.env, PATH: `${broken}:${process.env["PATH"]}` };
  const child = new LockChild(buildLockChild(folder), [], env);
  const first = await child.ask<{ life?: unknown; open: number }>({ begin: true });
  expect(first.life).toBeUndefined();
  expect(await child.ask({ begin: true })).toEqual(first);
  expect(readdirSync(join(folder, "alive"))).toEqual([]);
  await child.kill();
});
