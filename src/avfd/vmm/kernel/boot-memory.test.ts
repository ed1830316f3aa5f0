import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkBootMemory } from "./boot-memory.js";
import { VmStartRefusal } from "./start-refusal.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "boot-memory-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** An ELF file of two segments; the first in the file is not the highest in memory. */
async function writeKernel(endMib: number): Promise<string> {
  const elf = Buffer.alloc(64 + 2 * 56);
  elf.writeUInt32LE(0x464c457f, 0);
  elf[4] = 2;
  elf[5] = 1;
  elf.writeUInt16LE(62, 18);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(2, 56);
  [
    { address: (endMib - 1) * 2 ** 20, bytes: 2 ** 20 },
    { address: 2 ** 20, bytes: 2 ** 20 },
  ].forEach(({ address, bytes }, index) => {
    const at = 64 + index * 56;
    elf.writeUInt32LE(1, at);
    elf.writeBigUInt64LE(BigInt(address), at + 24);
    elf.writeBigUInt64LE(BigInt(bytes), at + 40);
  });
  const path = join(folder, "kernel");
  await writeFile(path, elf);
  return path;
}

describe("boot memory", () => {
  test("is what the kernel reaches up to, the initramfs, and 12 MiB for its first steps", async () => {
    const kernel = await writeKernel(62);
    const initrd = join(folder, "initrd");
    await writeFile(initrd, Buffer.alloc(2 ** 20 + 1));
    expect(() => checkBootMemory(kernel, undefined, 74)).not.toThrow();
    expect(() => checkBootMemory(kernel, undefined, 73)).toThrow(VmStartRefusal);
    expect(() => checkBootMemory(kernel, initrd, 76)).not.toThrow();
    expect(() => checkBootMemory(kernel, initrd, 75)).toThrow("it needs 76 MiB, the VM has 75 MiB");
  });

  test("is not known of other kernels", async () => {
    const path = join(folder, "bzImage");
    await writeFile(path, "MZ and so on");
    expect(() => checkBootMemory(path, undefined, 1)).not.toThrow();
  });
});
