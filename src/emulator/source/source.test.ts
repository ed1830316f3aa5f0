import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { imageKey } from "../image/key.js";
import { describeSet, DEVICE_PACKAGES } from "../packages/sets.js";
import { debianSource, findSource } from "./source.js";

const packages = [{ file: "qemu-system-x86_1%3a10.0_amd64.deb", sha256: "" }];
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "avf-source-"));
  mkdirSync(join(cache, DEVICE_PACKAGES.folder));
  const manifest = { wanted: describeSet(DEVICE_PACKAGES), packages };
  writeFileSync(join(cache, DEVICE_PACKAGES.folder, "packages.json"), JSON.stringify(manifest));
});
afterEach(() => {
  delete process.env["AVF_CROSVM"];
  rmSync(cache, { recursive: true });
});

test("the device package is made without the crosvm that this user's own devices have", async () => {
  const crosvm = join(cache, "crosvm");
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header.writeUInt16LE(62, 18);
  writeFileSync(crosvm, header);
  process.env["AVF_CROSVM"] = crosvm;
  expect(await findSource(cache)).toMatchObject({ kind: "debian", crosvm, imageKey: imageKey(packages, crosvm) });
  const packed = await debianSource(cache, undefined);
  expect(packed).toMatchObject({ kind: "debian", imageKey: imageKey(packages, undefined) });
  expect(packed).toHaveProperty("crosvm", undefined);
});
