/** Whether a guest's kernel fits into its memory. QEMU does not ask: it would run what happens to lie there. */
import { closeSync, openSync, readSync, statSync } from "node:fs";

/** The VM cannot start as it is configured; the monitor is not at fault. Becomes START_FAILED, as crosvm's exit does. */
export class VmStartRefusal extends Error {}

const ELF_MAGIC = 0x464c457f;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MAX_PROGRAM_HEADERS = 64;
const PT_LOAD = 1;
/**
 * What a kernel needs beside itself until it can report a lack of memory in an orderly way. With less it faults before it
 * has handlers for faults, and under nested emulation that was seen to take the whole device down.
 */
const EARLY_BOOT_BYTES = 12 * 2 ** 20;

/**
 * Throws `VmStartRefusal`. A kernel that is no 64-bit ELF file is let through. Without leaving the thread: see `makeVmDisks`.
 */
export function checkBootMemory(kernelPath: string, initrdPath: string | undefined, memoryMib: number): void {
  const kernelEnd = elfEndAddress(kernelPath);
  if (kernelEnd === undefined) return;
  const initrdBytes = initrdPath === undefined ? 0 : statSync(initrdPath).size;
  const neededMib = Math.ceil((kernelEnd + initrdBytes + EARLY_BOOT_BYTES) / 2 ** 20);
  if (memoryMib >= neededMib) return;
  throw new VmStartRefusal(`failed to load the kernel: it needs ${neededMib} MiB, the VM has ${memoryMib} MiB`);
}

/** The highest physical address that the file is loaded to; undefined when it is no 64-bit little-endian ELF. */
function elfEndAddress(path: string): number | undefined {
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(ELF_HEADER_BYTES);
    const bytesRead = readSync(file, header, 0, header.length, 0);
    if (bytesRead < header.length || header.readUInt32LE(0) !== ELF_MAGIC || header[4] !== 2) return undefined;
    const count = Math.min(header.readUInt16LE(56), MAX_PROGRAM_HEADERS);
    const table = Buffer.alloc(count * PROGRAM_HEADER_BYTES);
    readSync(file, table, 0, table.length, Number(header.readBigUInt64LE(32)));
    let end = 0;
    for (let at = 0; at < table.length; at += PROGRAM_HEADER_BYTES) {
      if (table.readUInt32LE(at) !== PT_LOAD) continue;
      const physicalAddress = table.readBigUInt64LE(at + 24);
      const memoryBytes = table.readBigUInt64LE(at + 40);
      end = Math.max(end, Number(physicalAddress + memoryBytes));
    }
    return end;
  } finally {
    closeSync(file);
  }
}
