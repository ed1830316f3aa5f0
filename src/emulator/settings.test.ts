import { afterEach, expect, test } from "@jest/globals";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulatedDevice } from "./devices/start.js";
import { readSettings } from "./settings.js";

const VARIABLES = ["AVF_RELEASE", "AVF_MONITOR", "AVF_VMM", "AVF_ACCEL", "AVF_CROSVM", "AVF_CACHE_DIR"] as const;
const before = VARIABLES.map((name) => [name, process.env[name]] as const);

afterEach(() => {
  if (cache !== undefined) rmSync(cache, { recursive: true, force: true });
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

let cache: string | undefined;

const only = (variables: Readonly<Record<string, string>>): void => {
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, variables);
};

test("without variables there are defaults, and an empty one counts as none", () => {
  only({ AVF_RELEASE: "" });
  expect(readSettings()).toEqual({ release: 15, monitor: undefined, accelerator: "auto" });
  only({ AVF_RELEASE: "17", AVF_MONITOR: "qemu", AVF_ACCEL: "tcg" });
  expect(readSettings()).toEqual({ release: 17, monitor: "qemu", accelerator: "tcg" });
});

test.each([
  ["AVF_RELEASE", "18", "BAD_RELEASE"],
  ["AVF_RELEASE", " 15", "BAD_RELEASE"],
  ["AVF_MONITOR", "xen", "BAD_MONITOR"],
  ["AVF_MONITOR", "crosvm", "NO_CROSVM"],
  ["AVF_ACCEL", "hvf", "BAD_ACCELERATOR"],
])("%s=%s is refused before anything is made", async (name, value, code) => {
  cache = mkdtempSync(join(tmpdir(), "avf-settings-"));
  only({ [name]: value, AVF_CACHE_DIR: cache });
  await expect(startEmulatedDevice()).rejects.toMatchObject({ code });
  expect(readdirSync(cache)).toEqual([]);
});

test("an option counts instead of its variable, a wrong one too", () => {
  only({ AVF_RELEASE: "99", AVF_MONITOR: "xen" });
  expect(readSettings({ release: 13, monitor: "qemu" })).toMatchObject({ release: 13, monitor: "qemu" });
  expect(() => readSettings({ release: 13 })).toThrow('AVF_MONITOR is "xen"');
  expect(() => readSettings({ monitor: "qemu" })).toThrow('AVF_RELEASE is "99"');
});
