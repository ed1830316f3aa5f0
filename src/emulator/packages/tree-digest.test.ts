import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectTree, recordTree, verifyTree } from "./tree-digest.js";

let folder: string;
let program: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tree-"));
  mkdirSync(join(folder, "root/usr/bin"), { recursive: true });
  program = join(folder, "root/usr/bin/program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync("program", join(folder, "root/usr/bin/link"));
  await recordTree(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As after a boot. */
function verifyAfterBoot(name = "another"): Promise<void> {
  const path = join(folder, "boot_id");
  writeFileSync(path, `${name}\n`);
  return verifyTree(folder, "root", path);
}

test("a tree that is as it was unpacked is compared once in each boot", async () => {
  await verifyAfterBoot();
  expect(JSON.parse(readFileSync(join(folder, "tree.json"), "utf8"))).toMatchObject({ bootId: "another" });
  // Not looked at in this boot any more; in the next one it is.
  writeFileSync(program, "#!/bin/sh\nexit 1\n");
  await verifyAfterBoot();
  await expect(inspectTree(folder)).rejects.toMatchObject({ code: "PACKAGES_CHANGED" });
  await expect(verifyAfterBoot("the next")).rejects.toMatchObject({ code: "PACKAGES_CHANGED" });
  await expect(verifyAfterBoot("the next")).rejects.toMatchObject({ code: "PACKAGES_CHANGED" });
});

test.each<readonly [string, () => void]>([
  ["content of the same size", () => writeFileSync(program, "#!/bin/ah\n")],
  ["a mode", () => chmodSync(program, 0o777)],
  ["a file more", () => writeFileSync(join(folder, "root/usr/lib.so"), "")],
  ["a file less", () => unlinkSync(program)],
  [
    "the target of a link",
    () => {
      unlinkSync(join(folder, "root/usr/bin/link"));
      symlinkSync("/bin/sh", join(folder, "root/usr/bin/link"));
    },
  ],
])("%s is noticed after a boot", async (_what, change) => {
  change();
  await expect(verifyAfterBoot()).rejects.toThrow(/are not as they were unpacked[^]*setup --fresh/);
});

test("a tree of an earlier version, which has no digest, gets one", async () => {
  unlinkSync(join(folder, "tree.json"));
  await verifyAfterBoot();
  writeFileSync(program, "other");
  await expect(verifyAfterBoot("the next")).rejects.toMatchObject({ code: "PACKAGES_CHANGED" });
});
