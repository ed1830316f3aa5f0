import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sample-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const sample = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(packageRoot, "src/cli/avf.cjs"), "sample", ...args], {
    ...{ cwd: folder, encoding: "utf8" },
  });

test("writes the sample APK, its idsig and the header, and accepts existing ones", () => {
  for (let time = 1; time <= 2; time++) {
    const { status, stdout, stderr } = sample();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^MicrodroidTestApp\.apk +its payload greets/);
  }
  const names = ["MicrodroidTestApp.apk", "MicrodroidTestApp.apk.idsig", "vm_payload.h"];
  expect(readdirSync(folder).sort()).toEqual(names);
  const original = readFileSync(join(packageRoot, "fixtures/MicrodroidTestApp.apk"));
  expect(readFileSync(join(folder, "MicrodroidTestApp.apk")).equals(original)).toBe(true);
});

test("overwrites nothing, and writes nothing then", () => {
  writeFileSync(join(folder, "vm_payload.h"), "mine");
  const { status, stderr } = sample();
  expect(status).toBe(2);
  expect(stderr).toContain("vm_payload.h is there already, with another content.");
  expect(readdirSync(folder)).toEqual(["vm_payload.h"]);
});

test("makes the folder that is named", () => {
  expect(sample("a/b").stdout).toMatch(/^a\/b\/MicrodroidTestApp\.apk /);
  expect(readdirSync(join(folder, "a/b"))).toHaveLength(3);
});
