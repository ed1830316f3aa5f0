import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initializeWritablePartition, partitionHeader } from "./writable-partition.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "partition-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writable partitions", () => {
  test("an instance image begins with its magic and version 1", () => {
    const header = partitionHeader("instance");
    expect(header.length).toBe(512);
    expect(header.toString("latin1", 0, 19)).toBe("Android-VM-instance");
    expect(header.readUInt16LE(19)).toBe(1);
    expect(header.subarray(21).every((byte) => byte === 0)).toBe(true);
  });

  test("whatever was in the file is gone, and its size is rounded up", async () => {
    const path = join(folder, "storage.img");
    await writeFile(path, "x".repeat(10_000));
    const file = await open(path, "r+");
    await initializeWritablePartition(file, 5000, "encryptedstore");
    await file.close();
    const content = await readFile(path);
    expect(content.length).toBe(8192);
    expect(content.toString("latin1", 0, 19)).toBe("UNFORMATTED-STORAGE");
    expect(content.subarray(19).every((byte) => byte === 0)).toBe(true);
  });
});
