/** Whether a guest's kernel fits into its memory. QEMU does not ask: it would run what happens to lie there. */
import { closeSync, openSync, statSync } from "node:fs";
import { inspectKernel, type GuestKernel } from "./inspect.js";
import { VmStartRefusal } from "./start-refusal.js";

/**
 * What a kernel needs beside itself until it can report a lack of memory in an orderly way. With less it faults before it
 * has handlers for faults, and under nested emulation that was seen to take the whole device down.
 */
const EARLY_BOOT_BYTES = 12 * 2 ** 20;

/** Throws `VmStartRefusal`. What is no kernel is let through. Without leaving the thread: see `makeVmDisks`. */
export function checkBootMemory(kernelPath: string, initrdPath: string | undefined, memoryMib: number): void {
  const kernel = inspectPath(kernelPath);
  if (kernel === undefined) return;
  checkMemory(kernel, initrdPath === undefined ? 0 : statSync(initrdPath).size, memoryMib);
}

/** Throws `VmStartRefusal`. */
export function checkMemory({ endAddress }: GuestKernel, initrdBytes: number, memoryMib: number): void {
  const neededMib = Math.ceil((endAddress + initrdBytes + EARLY_BOOT_BYTES) / 2 ** 20);
  if (memoryMib >= neededMib) return;
  throw new VmStartRefusal(`failed to load the kernel: it needs ${neededMib} MiB, the VM has ${memoryMib} MiB`);
}

function inspectPath(path: string): GuestKernel | undefined {
  const fd = openSync(path, "r");
  try {
    return inspectKernel(fd, path);
  } catch (error) {
    if (error instanceof VmStartRefusal) return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}
