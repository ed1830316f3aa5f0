import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { publishFolder, writeFileAtomic } from "./atomic-file.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-atomic-"))));
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test("a file is whole or as it was, and a draft of another stays", async () => {
  const path = join(folder, "note");
  await writeFileAtomic(path, "one");
  jest.spyOn(Math, "random").mockReturnValue(0.5);
  const draft = `${path}.${process.pid}.${(0.5).toString(36).slice(2)}.tmp`;
  writeFileSync(draft, "of somebody");
  await expect(writeFileAtomic(path, "two")).rejects.toMatchObject({ code: "EEXIST" });
  expect([readFileSync(path, "utf8"), readFileSync(draft, "utf8")]).toEqual(["one", "of somebody"]);
  rmSync(draft);
  mkdirSync(join(folder, "in the way"));
  await expect(writeFileAtomic(join(folder, "in the way"), "two")).rejects.toMatchObject({ code: "EISDIR" });
  expect(readdirSync(folder).sort()).toEqual(["in the way", "note"]);
});

// As root the system lets /proc pass for writable, and Node's own recursive mkdir never ends there.
test("a folder where nothing can be made is refused, in bounded time", async () => {
  await expect(writeFileAtomic("/proc/avf/note", "x")).rejects.toThrow(/^E(NOENT|ACCES|PERM|ROFS): /);
  writeFileSync(join(folder, "file"), "");
  // Node 20 fails when it looks at what is below a file, later ones when they make a folder in its place.
  await expect(writeFileAtomic(join(folder, "file/below/note"), "x")).rejects.toThrow(/^(ENOTDIR|EEXIST): .*\/file/);
});

test("a folder that is there is not replaced, unless it is empty", async () => {
  const draft = join(folder, "draft");
  mkdirSync(draft);
  writeFileSync(join(draft, "new"), "");
  mkdirSync(join(folder, "full/of"), { recursive: true });
  await expect(publishFolder(draft, join(folder, "full"))).rejects.toMatchObject({ code: "ENOTEMPTY" });
  expect(existsSync(join(folder, "full/of"))).toBe(true);
  await publishFolder(draft, join(folder, "free"));
  expect(readdirSync(join(folder, "free"))).toEqual(["new"]);
});
