/**
 * The kernel as an uncompressed ELF file. QEMU boots it through PVH without the decompressor of the bzImage, which costs
 * half a second under emulation. Layout of a bzImage: Documentation/arch/x86/boot.rst of the kernel.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../process/run.js";

const SETUP_SECTS = 0x1f1;
const HEADER_MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const ZSTD_MAGIC = 0xfd2fb528;
/** The kernel's build appends the uncompressed size to the stream. */
const SIZE_BYTES = 4;
const MAX_KERNEL_BYTES = 256 << 20;

/**
 * The ELF inside a bzImage, or undefined when its compression is none that is read here (it boots compressed then).
 * @param zstd how the program is called: Node 20 has no such decompressor
 */
export async function extractVmlinux(bzImage: Buffer, zstd: string, signal?: AbortSignal): Promise<Buffer | undefined> {
  if (bzImage.length < 0x1000 || bzImage.toString("latin1", HEADER_MAGIC, HEADER_MAGIC + 4) !== "HdrS") {
    return undefined;
  }
  const setupBytes = ((bzImage[SETUP_SECTS] || 4) + 1) * 512;
  const start = setupBytes + bzImage.readUInt32LE(PAYLOAD_OFFSET);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(PAYLOAD_LENGTH));
  if (payload.length < 8 || payload.readUInt32LE(0) !== ZSTD_MAGIC) return undefined;
  const elf = await decompress(payload.subarray(0, -SIZE_BYTES), zstd, signal);
  return elf.toString("latin1", 0, 4) === "\x7fELF" ? elf : undefined;
}

async function decompress(frame: Buffer, zstd: string, signal?: AbortSignal): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "avf-kernel-"));
  try {
    const [packed, unpacked] = [join(folder, "vmlinux.zst"), join(folder, "vmlinux")];
    await writeFile(packed, frame);
    // The kernel's build packs with a window of 128 MiB, for which the program wants to be asked.
    await run([zstd, "-q", "-d", "--long=31", "-o", unpacked, packed], { signal });
    if ((await stat(unpacked)).size > MAX_KERNEL_BYTES) throw new Error("the kernel is too large");
    return await readFile(unpacked);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
