import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderFiles } from "../../images/index.js";
import { forgetLife, openLife } from "../../process/life.js";
import { findProgram } from "../../process/programs/find-program.js";
import { rootDisk } from "./root-disk.js";

const { AVF_CACHE_DIR } = process.env;
let folder: string;
let cache: string;
beforeEach(() => {
  process.env["AVF_CACHE_DIR"] = cache = mkdtempSync(join(tmpdir(), "avf-root-disk-cache-"));
  folder = mkdtempSync(join(tmpdir(), "avf-root-disk-"));
  mkdirSync(join(folder, 'a "quoted" folder'));
  writeFileSync(join(folder, 'a "quoted" folder/program'), "#!/bin/sh\n");
  writeFileSync(join(folder, "large"), Buffer.alloc(70 << 20, "x"));
  symlinkSync("large", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, 'a "quoted" folder/pipe')]);
});
afterEach(() => {
  if (AVF_CACHE_DIR === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = AVF_CACHE_DIR;
  for (const path of [folder, cache]) rmSync(path, { recursive: true, force: true });
});

function debugfs(image: string, request: string): string {
  return execFileSync(findProgram("debugfs") ?? "debugfs", ["-R", request, image], { encoding: "utf8", stdio: "pipe" });
}

test("a folder of any size is on it, with modes and links; the caller's files are root's", async () => {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (owner.uid === 0) {
    // As if somebody else called it.
    Object.assign(owner, { uid: 1234, gid: 1235 });
    for (const path of ["large", "link", 'a "quoted" folder/program', 'a "quoted" folder/pipe'])
      lchownSync(join(folder, path), 1234, 1235);
  }
  chmodSync(join(folder, 'a "quoted" folder/program'), 0o4755);
  const disk = await rootDisk(folder, await folderFiles(folder, "a disk"), { owner });
  execFileSync(findProgram("e2fsck") ?? "e2fsck", ["-fn", disk.path], { stdio: "pipe" });
  const program = debugfs(disk.path, 'stat "/a ""quoted"" folder/program"');
  expect(program).toMatch(/Type: regular\s+Mode:\s+04755/);
  expect(program).toMatch(/User:\s+0\s+Group:\s+0/);
  expect(debugfs(disk.path, 'stat "/a ""quoted"" folder/pipe"')).toMatch(/Type: FIFO[^]*User:\s+0\s+Group:\s+0\s/);
  expect(debugfs(disk.path, "stat /link")).toMatch(/User:\s+0\s[^]*Fast link dest: "large"/);
  expect(debugfs(disk.path, "stat /large")).toMatch(/User:\s+0\s+Group:\s+0\s[^]*Size: 73400320/);
  await disk.remove();
  expect(existsSync(disk.path)).toBe(false);
});

test("a folder of more than 2 GiB is on it as well", async () => {
  const bytes = 5 * 2 ** 30;
  // Holes take no room, neither here nor on the disk.
  truncateSync(join(folder, "large"), bytes);
  const disk = await rootDisk(folder, await folderFiles(folder, "a disk"));
  expect(statSync(disk.path).size).toBeGreaterThan(bytes);
  expect(debugfs(disk.path, "stat /large")).toContain(`Size: ${bytes}`);
  await disk.remove();
});

test("files of others keep their owners", async () => {
  if (process.getuid?.() !== 0) return;
  lchownSync(join(folder, "large"), 7, 8);
  const disk = await rootDisk(folder, await folderFiles(folder, "a disk"), { owner: { uid: 1234, gid: 1235 } });
  expect(debugfs(disk.path, "stat /large")).toMatch(/User:\s+7\s+Group:\s+8\s/);
  await disk.remove();
});

test("a failure leaves no file", async () => {
  const files = await folderFiles(folder, "a disk");
  await expect(rootDisk(folder, files, { signal: AbortSignal.abort() })).rejects.toThrow();
  expect(readdirSync(join(cache, "root-disks"))).toEqual([]);
});

test("the next run removes the disk of a killed run, not that of a running one", async () => {
  rmSync(join(folder, "large"));
  const files = await folderFiles(folder, "a disk");
  const living = await rootDisk(folder, files);
  const life = openLife("process");
  const left = join(cache, `root-disks/b.${life?.name}.tmp`);
  mkdirSync(left);
  writeFileSync(join(left, "root.img"), "");
  forgetLife(life?.name ?? "");
  const disk = await rootDisk(folder, files);
  expect(existsSync(left)).toBe(false);
  expect(existsSync(living.path)).toBe(true);
  await living.remove();
  await disk.remove();
  expect(readdirSync(join(cache, "root-disks"))).toEqual([]);
});
