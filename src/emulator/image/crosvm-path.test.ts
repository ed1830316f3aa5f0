import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaryDigest } from "./binary-digest.js";
import { crosvmPath } from "./crosvm-path.js";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "crosvm-"))));
afterAll(() => rmSync(folder, { recursive: true }));

test("no crosvm, or a program of this architecture", () => {
  expect(crosvmPath("")).toBeUndefined();
  expect(crosvmPath(process.execPath)).toBe(process.execPath);
});

test("what cannot be one is refused with its path", () => {
  const script = join(folder, "crosvm.sh");
  writeFileSync(script, "#!/bin/sh\nexec crosvm\n");
  const arm = join(folder, "arm");
  writeFileSync(arm, Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(11), Buffer.from([183, 0])]));
  for (const path of [script, arm, folder])
    expect(() => crosvmPath(path)).toThrow(`${path}, which is no x86-64 program`);
  expect(() => crosvmPath(join(folder, "none"))).toThrow("there is no such file");
});

test("a binary is known by its content, whatever its size and name", () => {
  const [one, two] = [join(folder, "one"), join(folder, "two")];
  writeFileSync(one, "abc");
  writeFileSync(two, "abd");
  expect(binaryDigest(one)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(binaryDigest(two)).not.toBe(binaryDigest(one));
});
