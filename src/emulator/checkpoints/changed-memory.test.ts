import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyChangedMemory } from "./changed-memory.js";

const PAGE_BYTES = 4096;
/** More than is looked at in one go. */
const PAGES = 70_000;

let folder: string;
let memoryFile: string;
let child: ChildProcess | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "avf memory-"));
  memoryFile = join(folder, "memory");
  writeFileSync(memoryFile, Buffer.alloc(8 * PAGE_BYTES, "f"));
  truncateSync(memoryFile, PAGES * PAGE_BYTES);
  execFileSync("gcc", ["-O1", "-o", join(folder, "changer"), join(__dirname, "testing/changer.c")]);
});
afterAll(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function changer(...pages: readonly string[]): Promise<number> {
  child?.kill("SIGKILL");
  child = spawn(join(folder, "changer"), [memoryFile, ...pages], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout ?? child, "data");
  return child.pid ?? 0;
}

const { signal } = new AbortController();

test("only the pages that the process has written are copied, each to its place", async () => {
  const written = [0, 5, 6, 7, 9000, 65_535, 65_536, PAGES - 1];
  const pid = await changer("r1", ...written.map((page) => `w${page}`), "r100");
  const target = join(folder, "target");
  copyFileSync(memoryFile, target);
  expect(await copyChangedMemory({ pid, memoryFile, target, signal })).toBe(written.length * PAGE_BYTES);
  const expected = readFileSync(memoryFile);
  for (const page of written) expected.fill("w", page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  expect(readFileSync(target).equals(expected)).toBe(true);
});

test("a process that does not map the file, and one that is gone, are errors", async () => {
  const target = join(folder, "target");
  writeFileSync(target, "");
  const unread = { kind: "infrastructure", code: "MEMORY_UNREADABLE" };
  await expect(copyChangedMemory({ pid: process.pid, memoryFile, target, signal })).rejects.toMatchObject(unread);
  const pid = await changer("w0");
  const ended = once(child ?? process, "exit");
  child?.kill("SIGKILL");
  await ended;
  await expect(copyChangedMemory({ pid, memoryFile, target, signal })).rejects.toMatchObject(unread);
});
