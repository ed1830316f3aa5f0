import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { draftOf, sweepDrafts } from "../../process/drafts.js";
import { identify, type ProcessIdentity } from "../../process/identity.js";
import { forgetLife, openLife, self } from "../../process/life.js";
import {
  claimDeviceFolder,
  forgetDevice,
  imagesInUse,
  listRunning,
  readRecord,
  updateRecord,
  writeRecord,
  type DeviceRecord,
} from "./records.js";
import { sweepDevices } from "./sweep.js";

const saved = process.env["AVF_CACHE_DIR"];
let cache: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "avf-sweep-"));
  process.env["AVF_CACHE_DIR"] = cache;
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = saved;
  rmSync(cache, { recursive: true });
});

const DEAD: ProcessIdentity = { pid: spawnSync("true").pid, startTicks: "1" };
const FOREIGN = { startTicks: "1", place: "another-boot pid:[4026531836]", host: "lab7" };

/** Stands for a QEMU that runs here. */
function running(): ProcessIdentity {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  children.push(child);
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error("sleep did not start");
  return identity;
}

async function device(name: string, about: Partial<DeviceRecord>): Promise<DeviceRecord> {
  await claimDeviceFolder(cache, name);
  const record: DeviceRecord = {
    ...{ name, machine: undefined, owner: null, serial: "127.0.0.1:1", adbPort: 1, release: 15 },
    ...{ accelerator: "tcg", imageKey: `image-of-${name}`, startedAt: "2026-01-01T00:00:00.000Z", ...about },
  };
  await writeRecord(cache, record);
  return record;
}

const names = (): readonly string[] => readdirSync(join(cache, "devices")).sort();

describe("the sweep of devices", () => {
  /** What it may touch, and what proves that it may. */
  test.each<[what: string, swept: boolean, about: () => Partial<DeviceRecord>]>([
    ["owner and machine of this place live", false, () => ({ owner: self(), machine: running() })],
    ["an owner that starts it lives", false, () => ({ owner: self() })],
    ["a detached machine lives", false, () => ({ machine: running() })],
    ["the owner is dead, and its machine with it", true, () => ({ owner: DEAD, machine: DEAD })],
    ["the owner died while it started it", true, () => ({ owner: DEAD })],
    ["a detached machine is dead", true, () => ({ machine: DEAD })],
    ["the owner's pid is another process by now", true, () => ({ owner: { ...self(), startTicks: "1" } })],
    [
      "a process elsewhere has it, of whose life nothing is known",
      false,
      () => ({ owner: { ...FOREIGN, pid: DEAD.pid } }),
    ],
    ["a process elsewhere whose pid is ours", false, () => ({ owner: { ...FOREIGN, pid: process.pid } })],
    ["a living process elsewhere starts it", false, () => ({ owner: { ...FOREIGN, pid: 1, life: livingElsewhere() } })],
    ["a process elsewhere has ended", true, () => ({ owner: { ...FOREIGN, pid: 1, life: endedElsewhere() } })],
    ["a detached machine elsewhere lives", false, () => ({ machine: { ...FOREIGN, pid: 1, life: livingElsewhere() } })],
    [
      "a detached machine elsewhere has ended",
      true,
      () => ({ machine: { ...FOREIGN, pid: 1, life: endedElsewhere() } }),
    ],
    [
      "the owner is dead, and the machine elsewhere",
      false,
      () => ({ owner: DEAD, machine: { ...FOREIGN, pid: process.pid, life: livingElsewhere() } }),
    ],
  ])("%s: taken away is %s", async (_what, swept, about) => {
    await device("one", about());
    expect(await sweepDevices(cache)).toEqual(swept ? ["one"] : []);
    expect(names()).toEqual(swept ? [] : ["one"]);
    expect(await imagesInUse(cache)).toEqual(swept ? [] : ["image-of-one"]);
  });

  test("ends the machine of a dead owner, and no process elsewhere that has the same pid", async () => {
    const [left, theirs] = [running(), running()];
    await device("left", { owner: DEAD, machine: left });
    await device("theirs", { owner: DEAD, machine: { ...theirs, place: FOREIGN.place } });
    expect(await sweepDevices(cache)).toEqual(["left"]);
    expect(identify(left.pid)).toBeUndefined();
    expect(identify(theirs.pid)).toEqual(theirs);
    expect(await listRunning(cache)).toEqual([]);
  });

  test("continues after a machine that cannot be ended", async () => {
    const theirs = running();
    await device("a", { owner: DEAD, machine: theirs });
    await device("b", { owner: DEAD, machine: DEAD });
    const { kill } = process;
    const refused = Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    jest.spyOn(process, "kill").mockImplementation((pid, signal) => {
      if (pid === theirs.pid && signal === "SIGKILL") throw refused;
      return kill.call(process, pid, signal);
    });
    try {
      expect(await sweepDevices(cache)).toEqual(["b"]);
    } finally {
      jest.restoreAllMocks();
    }
    expect(names()).toEqual(["a"]);
  });

  test("leaves a folder without a record for a minute, so that its owner can claim it", async () => {
    await claimDeviceFolder(cache, "fresh");
    const old = await claimDeviceFolder(cache, "old");
    utimesSync(old ?? "", 1, 1);
    expect(await sweepDevices(cache)).toEqual(["old"]);
    expect(names()).toEqual(["fresh"]);
  });

  test("leaves files and folders that are not devices", async () => {
    await device("one", { owner: DEAD });
    mkdirSync(join(cache, "devices/.of-somebody"));
    mkdirSync(join(cache, "devices/.gone-with-the-wind"));
    expect(await sweepDevices(cache)).toEqual(["one"]);
    expect(names()).toEqual([".gone-with-the-wind", ".of-somebody"]);
  });
});

test("the folder of another device under the same name stays, however many forget the first at once", async () => {
  const first = await device("one", { owner: DEAD });
  const forgotten = await Promise.all([1, 2, 3].map(() => forgetDevice(cache, first)));
  expect(forgotten.filter(Boolean)).toHaveLength(1);
  const second = await device("one", { owner: self(), startedAt: "2026-01-02T00:00:00.000Z" });
  expect(await forgetDevice(cache, first)).toBe(false);
  expect(await updateRecord(cache, { ...first, machine: DEAD })).toBe(false);
  expect(await readRecord(cache, "one")).toEqual(second);
  expect(await updateRecord(cache, { ...second, owner: null })).toBe(true);
  expect(await readRecord(cache, "one")).toEqual({ ...second, owner: null });
  expect(await forgetDevice(cache, second)).toBe(true);
  expect(await updateRecord(cache, second)).toBe(false);
  expect(names()).toEqual([]);
});

test("drafts of dead processes are removed, those of live and of unknown ones stay", async () => {
  const folder = join(cache, "images");
  mkdirSync(folder);
  const kept = [
    draftOf(join(folder, "a")),
    `b.${livingElsewhere()}.tmp`,
    `c.${process.pid}.tmp`,
    "d.process-1.tmp",
    "e",
    // Of a maker that may live in another container.
    `f.${DEAD.pid}.tmp`,
  ];
  const old = [`g.${DEAD.pid}.tmp`, "h.process-1.tmp"];
  const swept = [`i.${endedElsewhere()}.tmp`, ...old];
  for (const name of [...kept, ...swept]) writeFileSync(name.startsWith("/") ? name : join(folder, name), "");
  for (const name of old) utimesSync(join(folder, name), 0, 0);
  await sweepDrafts(folder);
  expect(readdirSync(folder).sort()).toEqual(kept.map((name) => name.split("/").at(-1)).sort());
});

/** As a process has it that cannot be seen from here: what counts is who has the file open. */
function livingElsewhere(): string {
  const life = openLife("process");
  if (life === undefined) throw new Error("no life");
  return life.name;
}

function endedElsewhere(): string {
  const name = livingElsewhere();
  forgetLife(name);
  expect(existsSync(join(cache, "alive", name))).toBe(false);
  return name;
}
