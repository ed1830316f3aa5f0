import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { copyByPieces, copySparse } from "./copy-sparse.js";

const { PATH } = process.env;
let folder: string;
let from: string;
let to: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "avf-copy-"));
  [from, to] = [join(folder, "from"), join(folder, "to")];
  const file = await open(from, "w");
  await file.write("begin", 0);
  await file.write("middle", (20 << 20) - 3);
  await file.truncate((40 << 20) + 5);
  await file.close();
});
afterEach(() => {
  process.env["PATH"] = PATH;
  rmSync(folder, { recursive: true, force: true });
});

function expectSparseCopy(): void {
  expect(readFileSync(to).equals(readFileSync(from))).toBe(true);
  // st_blocks counts 512 bytes each: what was holes takes no room.
  expect(statSync(to).blocks * 512).toBeLessThan(8 << 20);
}

test("a sparse file stays one", async () => {
  await copySparse(from, to);
  expectSparseCopy();
});

test("also without cp, and with one that lacks the options", async () => {
  await copyByPieces(from, to);
  expectSparseCopy();
  rmSync(to);
  const cp = join(folder, "cp");
  // What busybox says.
  writeFileSync(cp, "#!/bin/sh\necho \"cp: unrecognized option '--sparse=always'\" >&2\nexit 1\n");
  chmodSync(cp, 0o755);
  process.env["PATH"] = `${folder}:${PATH}`;
  await copySparse(from, to);
  expectSparseCopy();
  rmSync(to);
  process.env["PATH"] = join(folder, "empty");
  await copySparse(from, to);
  expectSparseCopy();
});

test("other failures are reported", async () => {
  await expect(copySparse(join(folder, "missing"), to)).rejects.toThrow(/No such file/);
  await expect(copyByPieces(from, to, { signal: AbortSignal.abort(new Error("given up")) })).rejects.toThrow(
    "given up",
  );
});
