import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cacheFolder } from "../base/paths.js";
import { takeDeviceLock, type DeviceLock } from "./device-lock.js";
import { HostDevice } from "./testing/host-device.js";

/** `AVF_LOCK_ROUNDS=1000` for the long proof. */
const ROUNDS = Number(process.env["AVF_LOCK_ROUNDS"] ?? 20);
const TAKERS = 6;

type Shell = readonly [name: string, program: string, tools?: string];

/** The host's own; what the emulated device has; what phones have. */
const SHELLS: readonly Shell[] = [
  ["sh", "/bin/sh"],
  ...orTell(
    found("busybox", join(cacheFolder(), "packages", "root", "bin")).map(
      (box) => ["busybox", `${box} sh`, box] as const,
    ),
    "busybox, of the emulated device: npx avf setup, or apt-get install busybox",
  ),
  ...orTell(
    found("mksh").flatMap((mksh) => found("toybox").map((box) => ["mksh and toybox", mksh, box] as const)),
    "mksh and toybox, of phones: apt-get install mksh toybox",
  ),
];

/** What is not tried must be seen not to be. */
function orTell(shells: readonly Shell[], missing: string): readonly Shell[] {
  if (shells.length > 0) return shells;
  process.stderr.write(`device-lock.test.ts: not tried with ${missing}\n`);
  test.skip(`with ${missing}`, () => undefined);
  return [];
}

function found(program: string, ...further: readonly string[]): readonly string[] {
  const folders = [...(process.env["PATH"] ?? "").split(":"), ...further];
  return folders
    .map((folder) => join(folder, program))
    .filter((path) => existsSync(path))
    .slice(0, 1);
}

let root: string;
let link: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "avf-device-lock-"));
  mkdirSync(join(root, "data/local/tmp"), { recursive: true });
  link = join(root, "data/local/tmp/avf-lock");
});
afterEach(() => rmSync(root, { recursive: true }));

/** @param box a program that has all tools in it; they come first */
function deviceWith(program: string, box?: string): HostDevice {
  const tools = join(root, "tools");
  mkdirSync(tools, { recursive: true });
  // Debian's busybox has no flock; the emulated device has one of its own (avfd/client/flock.c).
  const own = box?.endsWith("busybox") === true ? [] : ["flock"];
  for (const name of [...own, "ln", "readlink", "rm", "sed", "cut"])
    if (box !== undefined) symlinkSync(box, join(tools, name));
  const shell = join(tools, "shell-of-device");
  writeFileSync(shell, `#!/bin/sh\nPATH=${tools}:$PATH exec ${program} "$@"\n`);
  chmodSync(shell, 0o755);
  return new HostDevice({ root, programs: { sh: shell } });
}

const dead = (): number => spawnSync("true").pid;
const release = async (lock: DeviceLock | undefined): Promise<void> => {
  if (lock?.kind === "held") await lock.release();
};

describe.each(SHELLS)("with %s", (_name, program, box) => {
  test(`${TAKERS} takers at once: one gets it, ${ROUNDS} times, whatever was there`, async () => {
    const device = deviceWith(program, box);
    const held: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // What a killed holder left, what an earlier version left, or nothing.
      if (round % 3 < 2) symlinkSync(`${dead()} ${round % 3 === 0 ? 1 : 99999999} {"host":"lab7"}`, link);
      const locks = await Promise.all(Array.from({ length: TAKERS }, (_, taker) => takeDeviceLock(device, `${taker}`)));
      const winners = locks.filter(({ kind }) => kind === "held");
      held.push(winners.length);
      expect(readlinkSync(link)).toMatch(/^\d+ \d+ \{/);
      await Promise.all(winners.map(release));
    }
    expect(held).toEqual(Array.from({ length: ROUNDS }, () => 1));
    expect(readdirSync(join(root, "data/local/tmp"))).toEqual([]);
  }, 600_000);

  test("a process that takes it while another releases it has it exclusively", async () => {
    const device = deviceWith(program, box);
    let holders = 0;
    const most: number[] = [];
    const take = async (): Promise<void> => {
      for (let taken = 0; taken < ROUNDS / 20;) {
        const lock = await takeDeviceLock(device, "one of many");
        if (lock.kind === "busy") continue;
        most.push(++holders);
        taken++;
        // Another that gets it before this one is over was not kept out.
        const next = await takeDeviceLock(device, "another");
        if (next.kind === "held") most.push(holders + 1);
        await release(next);
        holders--;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: TAKERS }, take));
    expect(new Set(most)).toEqual(new Set([1]));
    expect(await gone(link)).toBe(true);
  }, 600_000);

  test("a killed holder has released it, and what it left there is replaced", async () => {
    const device = deviceWith(program, box);
    expect(await takeDeviceLock(device, "first")).toMatchObject({ kind: "held" });
    const [pid = ""] = readlinkSync(link).split(" ");
    expect(await takeDeviceLock(device, "second")).toMatchObject({
      kind: "busy",
      holder: expect.stringMatching(/@.+ \(run first\) since [\d:]{8}/),
    });
    process.kill(Number(pid), "SIGKILL");
    let second = await takeDeviceLock(device, "second");
    // The kernel takes the lock back in its own time.
    while (second.kind === "busy") second = await takeDeviceLock(device, "second");
    expect(readlinkSync(link)).toContain('"run":"second"');
    await release(second);
    expect(await gone(link)).toBe(true);
  });

  test("an earlier version's link counts while its process lives", async () => {
    const stat = spawnSync("cat", [`/proc/${process.pid}/stat`], { encoding: "utf8" }).stdout;
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    const target = `${process.pid} ${ticks} {"host":"lab7","user":"alice","run":"jest 1"}`;
    symlinkSync(target, link);
    const lock = await takeDeviceLock(deviceWith(program, box), "second");
    expect(lock).toEqual({ kind: "busy", holder: "alice@lab7 (run jest 1)" });
    expect(readlinkSync(link)).toBe(target);
  });

  test.each([
    ["a folder", () => mkdirSync(join(link, "of-somebody"), { recursive: true })],
    ["a file", () => writeFileSync(link, "of somebody")],
    ["a link of somebody", () => symlinkSync("/data/local/tmp/of-somebody", link)],
    ["a link to a folder", () => symlinkSync(root, link)],
  ])("%s of that name blocks all, and stays", async (_what, make) => {
    make();
    const device = deviceWith(program, box);
    const takers = await Promise.allSettled([takeDeviceLock(device, "one"), takeDeviceLock(device, "two")]);
    expect(takers.filter((each) => each.status === "fulfilled" && each.value.kind === "held")).toEqual([]);
    await expect(takeDeviceLock(device, "three")).rejects.toMatchObject({
      code: "DEVICE_LOCK",
      message: expect.stringMatching(/could not be locked: .*avf-lock is in the way/),
    });
    expect(readdirSync(join(root, "data/local/tmp"))).toEqual(["avf-lock"]);
  });

  test("something that replaced the link stays when the lock is released", async () => {
    const lock = await takeDeviceLock(deviceWith(program, box), "first");
    rmSync(link);
    symlinkSync(`${dead()} 1 {"run":"another"}`, link);
    await release(lock);
    expect(readlinkSync(link)).toContain("another");
  });
});

async function gone(path: string): Promise<boolean> {
  try {
    readlinkSync(path);
    return false;
  } catch {
    return true;
  }
}

test("a shell that prints other complaints still gets the lock, and names its holder", async () => {
  const shell = join(root, "noisy-shell");
  writeFileSync(shell, '#!/bin/sh\necho "WARNING: linker: unused DT entry" >&2\nexec /bin/sh "$@"\n', { mode: 0o755 });
  const device = new HostDevice({ root, programs: { sh: shell } });
  const first = await takeDeviceLock(device, "run noisy");
  const second = await takeDeviceLock(device, "run other");
  expect(first.kind).toBe("held");
  expect(second).toMatchObject({ kind: "busy", holder: expect.stringMatching(/^\S+@\S+ \(run run noisy\)/) });
  if (first.kind === "held") await first.release();
});
