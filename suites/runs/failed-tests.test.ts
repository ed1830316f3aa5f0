import { describe, expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FIXTURE_APK, runChildProject } from "./child-project.js";

/** Files that tests leave on the device behind the harness's back, then a test that looks for them. Needs no VM. */
const SUITE = `
const { execFileSync } = require("node:child_process");
const { test, expect } = require("jest-avf");
const VM = "/apex/com.android.virt/bin/vm";
test("leaves things", async ({ device }) => {
  execFileSync("adb", ["-s", device.serial, "forward", "tcp:0", "tcp:9"]);
  await device.exec(["mkdir", "/data/local/tmp/left-there"]);
});
test("finds nothing of them", async ({ device }) => {
  expect((await device.exec(["ls", "/data/local/tmp"])).stdout).not.toContain("left-there");
  expect(execFileSync("adb", ["forward", "--list"], { encoding: "utf8" })).not.toContain(device.serial + " ");
});
test("fails", async ({ device }) => {
  await device.execUnchecked(["setprop", "ro.build.type", "none"]);
  expect((await device.exec([VM, "info"])).stdout).toContain("no such word");
});
test.requires("sdk>=1000")("is of the future", async ({ vm }) => {});
`;

describe("tests that fail on a device", () => {
  test("report what they left, which is gone for the next; and the device's records of that time are saved", () => {
    runChildProject({ "failed.test.js": SUITE }, { apks: [FIXTURE_APK] }, ({ status, stderr }, folder) => {
      expect({ status, stderr }).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/2 failed, 1 skipped, 1 passed/),
      });
      expect(stderr).toContain(
        'Test "leaves things" left behind, removed since:\n      /data/local/tmp/left-there on the device',
      );
      expect(stderr).toMatch(/adb forward tcp:\d+ → tcp:9/);
      expect(stderr).toMatch(
        /avf: skipped "is of the future" in failed\.test\.js: requires sdk>=1000 \(sdk is \d+\) on device/,
      );

      const saved = join(folder, "out/latest/failed.test.js");
      const [failed = ""] = readdirSync(saved).filter((name) => name.startsWith("fails"));
      const read = (name: string): string => readFileSync(join(saved, failed, "device", name), "utf8");
      expect(read("logcat.txt")).toContain("Unable to set property 'ro.build.type'");
      expect(read("dumpsys.txt")).toContain("== dumpsys package com.android.microdroid.test");
      expect(read("state.txt")).toContain("Running VMs:");
    });
  });
});
