/** Looks at a file that is to be a kernel, before it goes anywhere: what it is, by its first bytes. */
import { openFile, problemOf, type OpenedFile } from "./open-file.js";

export type KernelKind =
  /** x86: setup code and a compressed kernel in one (Documentation/arch/x86/boot.rst). */
  | "bzImage"
  /** ELF, not compressed. */
  | "vmlinux"
  /** arm64 (Documentation/arch/arm64/booting.rst). */
  | "Image"
  /** One for arm64 in LZ4, which crosvm unpacks there, and no monitor elsewhere. */
  | "Image.lz4";

export interface KernelFile {
  readonly path: string;
  readonly bytes: number;
  readonly kind: KernelKind;
  readonly architecture: "x86_64" | "arm64";
}

const SECTOR_BYTES = 512;
const HEAD_BYTES = 0x1000;

/** @throws UsageError naming file and reason */
export async function lookAtKernel(source: string | Uint8Array): Promise<KernelFile> {
  await using file = await openFile(source, "a kernel");
  const head = await file.read(0, HEAD_BYTES);
  const { kind, architecture, least = 0 } = recognise(head, file);
  if (file.bytes < least) {
    throw problemOf(
      file,
      `it ends after ${file.bytes} bytes, and its header says that there are at least ${least}`,
      CUT,
    );
  }
  return { path: file.path, bytes: file.bytes, kind, architecture };
}

const CUT = "the file is cut off: copy or build it again";
const WANTED = "give a bzImage, a vmlinux, an arm64 Image, or an arm64 Image in LZ4";

const PACKED: readonly (readonly [program: string, magic: string, unpack: string])[] = [
  ["gzip", "\x1f\x8b", "gunzip it"],
  ["xz", "\xfd7zXZ\0", "unxz it"],
  ["zstd", "\x28\xb5\x2f\xfd", "unzstd it"],
  ["bzip2", "BZh", "bunzip2 it"],
];

interface Recognised {
  readonly kind: KernelKind;
  readonly architecture: KernelFile["architecture"];
  /** Bytes that it cannot do without. */
  readonly least?: number;
}

function recognise(head: Buffer, file: OpenedFile): Recognised {
  const text = (from: number, to: number): string => head.toString("latin1", from, to);
  if (text(0x202, 0x206) === "HdrS") return bzImage(head, file);
  if (text(0, 4) === "\x7fELF") return elf(head, file);
  if (text(56, 60) === "ARM\x64") return { kind: "Image", architecture: "arm64" };
  // The frame of the lz4 program, and the old one that the kernel's build makes.
  if (["\x04\x22\x4d\x18", "\x02\x21\x4c\x18"].includes(text(0, 4)))
    return { kind: "Image.lz4", architecture: "arm64" };
  const packed = PACKED.find(([, magic]) => text(0, magic.length) === magic);
  if (packed !== undefined) {
    const [program, , unpack] = packed;
    throw problemOf(
      file,
      `it is compressed with ${program} as a whole, which no monitor unpacks`,
      `${unpack}, or ${WANTED}`,
    );
  }
  throw problemOf(file, "it is no kernel", WANTED);
}

/** `loadflags` bit 0 distinguishes a bzImage from a zImage, `syssize` counts the kernel in units of 16 bytes. */
function bzImage(head: Buffer, file: OpenedFile): Recognised {
  if (head.length < 0x264) throw problemOf(file, `it ends after ${file.bytes} bytes, within its header`, CUT);
  const isBig = (head.readUInt8(0x211) & 1) === 1;
  if (!isBig) throw problemOf(file, "it is a zImage, which only kernels of the last century are", WANTED);
  const setupSectors = head.readUInt8(0x1f1) || 4;
  const is64Bit = head.readUInt16LE(0x206) >= 0x20c && (head.readUInt16LE(0x236) & 1) === 1;
  if (!is64Bit) throw problemOf(file, "it is a kernel for 32 bits", "VMs of AVF have 64: build it with CONFIG_64BIT");
  const least = (setupSectors + 1) * SECTOR_BYTES + head.readUInt32LE(0x1f4) * 16;
  return { kind: "bzImage", architecture: "x86_64", least };
}

const MACHINES: Readonly<Partial<Record<number, KernelFile["architecture"]>>> = { 62: "x86_64", 183: "arm64" };

/** Offsets of ELF's 64-bit header. */
function elf(head: Buffer, file: OpenedFile): Recognised {
  if (head.length < 64) throw problemOf(file, `it ends after ${file.bytes} bytes, within its header`, CUT);
  if (head[4] !== 2) throw problemOf(file, "it is an ELF file for 32 bits", WANTED);
  const [type, machine] = [head.readUInt16LE(16), head.readUInt16LE(18)];
  const architecture = MACHINES[machine];
  if (architecture === undefined)
    throw problemOf(file, `it is for machine ${machine} of ELF`, "x86-64 is 62, arm64 is 183");
  if (type === 1) throw problemOf(file, "it is an object file or a kernel module, no kernel", WANTED);
  if (hasInterpreter(head)) throw problemOf(file, "it is a program, no kernel", WANTED);
  const sections = head.readBigUInt64LE(40) + BigInt(head.readUInt16LE(58) * head.readUInt16LE(60));
  return { kind: "vmlinux", architecture, least: Number(sections) };
}

/** A dynamically linked program names its loader (PT_INTERP, 3); a kernel has none. */
function hasInterpreter(head: Buffer): boolean {
  const [at, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let index = 0; index < count; index++) {
    const header = at + index * size;
    if (header + 4 > head.length) return false;
    if (head.readUInt32LE(header) === 3) return true;
  }
  return false;
}
