/**
 * The kernel as an uncompressed ELF file. QEMU boots it through PVH without the decompressor of the bzImage, which costs
 * half a second under emulation. Layout of a bzImage: Documentation/arch/x86/boot.rst of the kernel.
 */
import { gunzipSync } from "node:zlib";
import { decodeLz4Legacy } from "./lz4.js";

const SETUP_SECTS = 0x1f1;
const HEADER_MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const MAX_KERNEL_BYTES = 256 << 20;

/** The ELF inside a bzImage, or undefined when its compression is none that is read here (it boots compressed then). */
export function extractVmlinux(bzImage: Buffer): Buffer | undefined {
  if (bzImage.length < 0x1000 || bzImage.toString("latin1", HEADER_MAGIC, HEADER_MAGIC + 4) !== "HdrS")
    return undefined;
  const setupBytes = ((bzImage[SETUP_SECTS] || 4) + 1) * 512;
  const start = setupBytes + bzImage.readUInt32LE(PAYLOAD_OFFSET);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(PAYLOAD_LENGTH));
  const elf = decompress(payload);
  return elf?.toString("latin1", 0, 4) === "\x7fELF" ? elf : undefined;
}

function decompress(payload: Buffer): Buffer | undefined {
  const magic = payload.readUInt32LE(0);
  if (magic === 0x184c2102) return decodeLz4Legacy(payload, MAX_KERNEL_BYTES);
  // The kernel's build appends the uncompressed size to the stream.
  if ((magic & 0xffff) === 0x8b1f) return gunzipSync(payload.subarray(0, -4), { maxOutputLength: MAX_KERNEL_BYTES });
  return undefined;
}
