import { describe, expect, test } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");
const APPEAR_TIMEOUT_MS = 150_000;

/** Prints its progress as soon as its VM runs, then waits to be killed; on a later run it just ends. */
const SUITE = `
const { existsSync, writeFileSync } = require("node:fs");
const { test, expect } = require("jest-avf");
test("runs", async ({ device, runningVm }) => {
  const again = existsSync("serial");
  if (!again) writeFileSync("serial", device.serial);
  await expect(runningVm).toPrint(again ? "Hello Microdroid" : "never printed", { timeoutMs: 150_000 });
});
`;

/** A project of its own, with a suite that holds a VM. */
function makeProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "avf-killed-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "jest-avf"));
  writeFileSync(join(folder, "held.test.js"), SUITE);
  const apks = [join(root, "fixtures", "MicrodroidTestApp.apk")];
  const jest = { preset: "jest-avf", testEnvironmentOptions: { apks, vmTemplates: true } };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ jest }));
  return folder;
}

/** Command lines of processes that have to do with a device. */
function processesOf(serial: string): readonly string[] {
  const port = serial.split(":")[1] ?? "";
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes(serial) || line.includes(`127.0.0.1:${port}-`));
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + APPEAR_TIMEOUT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Timed out after ${APPEAR_TIMEOUT_MS / 1000} s waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** With a real device there is no emulator to end. */
const testEmulated = process.env["ANDROID_SERIAL"] === undefined ? test : test.skip;

describe("a Jest run that is killed with SIGKILL while a VM runs", () => {
  const argv = [createRequire(join(root, "package.json")).resolve("jest/bin/jest"), "--runInBand"];

  testEmulated("leaves no device, no VM and no adb, and the next run passes and forgets it", async () => {
    const folder = makeProject();
    try {
      const log = join(folder, "serial");
      const child = spawn(process.execPath, [...argv], { cwd: folder, stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await until("the VM to run", () => existsSync(log) && readFileSync(log, "utf8") !== "");
      const serial = readFileSync(log, "utf8");
      expect(processesOf(serial)).toEqual(expect.arrayContaining([expect.stringMatching(/qemu-system-x86_64 /)]));

      child.kill("SIGKILL");
      await ended;
      await until("its processes to be gone", () => processesOf(serial).length === 0);

      const second = spawnSync(process.execPath, argv, { cwd: folder, encoding: "utf8", timeout: 250_000 });
      expect({ status: second.status, said: second.stderr }).toMatchObject({ status: 0 });
      const adb = (...args: string[]): string => spawnSync("adb", args, { encoding: "utf8" }).stdout;
      expect(adb("devices")).not.toContain(`${serial}\t`);
      expect(adb("forward", "--list")).not.toContain(`${serial} `);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
