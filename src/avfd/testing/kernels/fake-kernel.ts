/** For unit tests: files with the headers of kernels, and nothing that could run. */

/** Documentation/arch/x86/boot.rst of the kernel. */
export function fakeBzImage({ initSizeMib = 60, cmdlineSize = 2047 } = {}): Buffer {
  const setupSectors = 4;
  const codeBytes = 64 * 16;
  const image = Buffer.alloc((setupSectors + 1) * 512 + codeBytes);
  image[0x1f1] = setupSectors;
  image.writeUInt32LE(codeBytes / 16, 0x1f4);
  image.writeUInt16LE(0xaa55, 0x1fe);
  image.write("HdrS", 0x202, "latin1");
  image.writeUInt16LE(0x20f, 0x206);
  image.writeUInt16LE(1, 0x236);
  image.writeUInt32LE(cmdlineSize, 0x238);
  image.writeBigUInt64LE(16n << 20n, 0x258);
  image.writeUInt32LE(initSizeMib << 20, 0x260);
  return image;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;

/** A 64-bit ELF file with one segment of that size at 16 MiB, and Xen's note of the entry for PVH. */
export function fakeVmlinux({ machine = 62, pvh = true, sizeMib = 40 } = {}): Buffer {
  const note = Buffer.alloc(24);
  note.writeUInt32LE(4, 0);
  note.writeUInt32LE(4, 4);
  note.writeUInt32LE(pvh ? 18 : 6, 8);
  note.write("Xen\0", 12, "latin1");
  const noteAt = HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES;
  const image = Buffer.alloc(noteAt + note.length);
  image.write("\x7fELF", 0, "latin1");
  image.set([2, 1, 1], 4);
  image.writeUInt16LE(2, 16);
  image.writeUInt16LE(machine, 18);
  image.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  image.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  image.writeUInt16LE(2, 56);
  writeSegment(image, HEADER_BYTES, { type: 1, offset: 0, address: 16 << 20, bytes: 64, memory: sizeMib << 20 });
  const atNote = { type: 4, offset: noteAt, address: 0, bytes: note.length, memory: note.length };
  writeSegment(image, HEADER_BYTES + PROGRAM_HEADER_BYTES, atNote);
  note.copy(image, noteAt);
  return image;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
  readonly memory: number;
}

function writeSegment(image: Buffer, at: number, { type, offset, address, bytes, memory }: Segment): void {
  image.writeUInt32LE(type, at);
  image.writeBigUInt64LE(BigInt(offset), at + 8);
  image.writeBigUInt64LE(BigInt(address), at + 24);
  image.writeBigUInt64LE(BigInt(bytes), at + 32);
  image.writeBigUInt64LE(BigInt(memory), at + 40);
}
