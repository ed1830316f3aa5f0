import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRoom } from "./room.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-room-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("room for a VM in large pages", () => {
  const meminfo = (text: string): string => {
    const path = join(folder, "meminfo");
    writeFileSync(path, text);
    return path;
  };
  const withAvailable = (mib: number): string =>
    meminfo(`MemTotal:        2026496 kB\nMemFree:           30000 kB\nMemAvailable:    ${mib * 1024} kB\n`);

  test("is all of its memory, and some for others", async () => {
    await expect(checkRoom(256, withAvailable(320))).resolves.toBeUndefined();
    await expect(checkRoom(256, withAvailable(319))).rejects.toThrow(
      "the device has 319 MiB left, too little for 256 MiB in large pages",
    );
  });

  test("is none if the kernel does not report it", async () => {
    await expect(checkRoom(1, meminfo("MemFree: 9999999 kB\n"))).rejects.toThrow("the device has 0 MiB left");
    await expect(checkRoom(1, join(folder, "none"))).rejects.toThrow("ENOENT");
  });
});
