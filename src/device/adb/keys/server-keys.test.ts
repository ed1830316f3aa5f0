import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adbKeysOf } from "./server-keys.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "adb-keys-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** adb writes the private key, and beside it the public one in Android's form. Returns that. */
function makeKey(path: string): string {
  const made = spawnSync("adb", ["keygen", path]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return readFileSync(`${path}.pub`, "utf8").split(" ")[0]!.trim();
}

test("the keys are those that adb itself would use, in Android's format", () => {
  mkdirSync(join(folder, ".android"));
  mkdirSync(join(folder, "vendor"));
  const own = makeKey(join(folder, ".android/adbkey"));
  const vendor = makeKey(join(folder, "vendor/lab.adb_key"));
  const single = makeKey(join(folder, "single"));
  writeFileSync(join(folder, "vendor/readme.txt"), "none");
  writeFileSync(join(folder, "broken"), "-----BEGIN PRIVATE KEY-----\nx\n");
  const ADB_VENDOR_KEYS = ["vendor", "single", "broken", "missing"].map((name) => join(folder, name)).join(":");
  expect(adbKeysOf([{ HOME: folder }])).toEqual([own]);
  expect(adbKeysOf([{ HOME: folder, ADB_VENDOR_KEYS }])).toEqual([own, vendor, single]);
  expect(adbKeysOf([{ HOME: folder }, { HOME: folder }])).toEqual([own]);
  expect(adbKeysOf([{ HOME: join(folder, "nobody") }])).toEqual([]);
});
