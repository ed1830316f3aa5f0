/**
 * Random bytes from the kernel, each time anew. Node's own generator keeps a state in this process, and all devices that
 * continue from one snapshot would have the same; the kernel's is stirred when a device is restored.
 */
import { open } from "node:fs/promises";

export async function kernelRandomBytes(count: number): Promise<Buffer> {
  const source = await open("/dev/urandom", "r");
  try {
    const bytes = Buffer.alloc(count);
    const { bytesRead } = await source.read(bytes, 0, count);
    if (bytesRead !== count) throw new Error(`/dev/urandom gave ${bytesRead} of ${count} bytes`);
    return bytes;
  } finally {
    await source.close();
  }
}
