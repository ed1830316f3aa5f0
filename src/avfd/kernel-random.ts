/**
 * Random bytes, read from the kernel each time. Node's own generator keeps a state in this process, and all devices that
 * continue from one snapshot would have the same; the kernel's is stirred when a device is restored.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** At most 256, which the kernel gives in one piece. */
export function kernelRandomBytes(count: number): Buffer {
  const source = openSync("/dev/urandom", "r");
  try {
    const bytes = Buffer.alloc(count);
    const bytesRead = readSync(source, bytes, 0, count, null);
    if (bytesRead !== count) throw new Error(`/dev/urandom gave ${bytesRead} of ${count} bytes`);
    return bytes;
  } finally {
    closeSync(source);
  }
}
