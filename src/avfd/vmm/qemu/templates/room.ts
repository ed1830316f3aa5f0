/** Whether the device has memory for one more VM in large pages. */
import { readFile } from "node:fs/promises";

/** For all else that runs on the device. */
const SPARE_MIB = 64;

/**
 * A VM that writes to its memory when no large page is free is killed, so all that it may ever want must be there
 * before it starts. Throws an Error otherwise.
 */
export async function checkRoom(memoryMib: number, meminfo = "/proc/meminfo"): Promise<void> {
  const [, kib] = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile(meminfo, "latin1")) ?? [];
  const availableMib = Math.floor(Number(kib ?? 0) / 1024);
  if (availableMib >= memoryMib + SPARE_MIB) return;
  throw new Error(`the device has ${availableMib} MiB left, too little for ${memoryMib} MiB in large pages`);
}
