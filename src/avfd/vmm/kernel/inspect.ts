/**
 * What a file is that is to be booted as a kernel: a bzImage (Documentation/arch/x86/boot.rst of the kernel) or a vmlinux. Of
 * a file that is neither, or that is cut, monitors say little or run what happens to be there.
 */
import { fstatSync, readSync } from "node:fs";
import { VmStartRefusal } from "./start-refusal.js";

export interface GuestKernel {
  readonly format: "bzImage" | "elf";
  /** Memory that it takes from address 0 up to its end, before it has set up anything. */
  readonly endAddress: number;
  /** Of its command line, without the byte that ends it. */
  readonly maxParamsBytes: number;
  /** Whether it can be entered as PVH has it: the only way in which QEMU starts a vmlinux. A bzImage needs none. */
  readonly hasPvhEntry: boolean;
}

const ELF_MAGIC = 0x464c457f;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MAX_PROGRAM_HEADERS = 64;
const MACHINE_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;
const MAX_NOTE_BYTES = 1 << 16;
/** XEN_ELFNOTE_PHYS32_ENTRY */
const PVH_NOTE = 18;
/** COMMAND_LINE_SIZE of x86, less the byte that ends it. */
const MAX_PARAMS_BYTES = 2047;
const SETUP_HEADER_BYTES = 0x280;

/**
 * Without leaving the thread: see `makeVmDisks`.
 * @param name of the file, for the message
 * @throws VmStartRefusal when it is no kernel for this machine
 */
export function inspectKernel(fd: number, name: string): GuestKernel {
  const bytes = fstatSync(fd).size;
  const head = readAt(fd, 0, SETUP_HEADER_BYTES);
  const refuse = (why: string): never => {
    throw new VmStartRefusal(`failed to load the kernel ${name}: ${why}`);
  };
  if (head.length >= ELF_HEADER_BYTES && head.readUInt32LE(0) === ELF_MAGIC) return inspectElf(fd, bytes, head, refuse);
  if (head.length >= SETUP_HEADER_BYTES && head.toString("latin1", 0x202, 0x206) === "HdrS") {
    return inspectBzImage(bytes, head, refuse);
  }
  if (bytes === 0) return refuse("the file is empty");
  if (head.toString("latin1", 0x38, 0x3c) === "ARM\x64")
    return refuse("it is a kernel for arm64, this device is x86-64");
  const packed = PACKED.find(([, magic]) => head.toString("latin1", 0, magic.length) === magic)?.[0];
  if (packed !== undefined) return refuse(`it is compressed with ${packed} as a whole: unpack it, or give the bzImage`);
  return refuse("it is neither a bzImage nor a vmlinux (ELF)");
}

/** No monitor for x86-64 unpacks a file; a bzImage does that by itself. */
const PACKED: readonly (readonly [name: string, magic: string])[] = [
  ["gzip", "\x1f\x8b"],
  ["LZ4", "\x04\x22\x4d\x18"],
  ["LZ4", "\x02\x21\x4c\x18"],
  ["xz", "\xfd7zXZ\0"],
  ["zstd", "\x28\xb5\x2f\xfd"],
  ["bzip2", "BZh"],
];

function inspectBzImage(bytes: number, head: Buffer, refuse: (why: string) => never): GuestKernel {
  const protocol = head.readUInt16LE(0x206);
  if (protocol < 0x20c) return refuse(`its boot protocol ${protocol >> 8}.${protocol & 0xff} is older than 2.12`);
  if ((head.readUInt16LE(0x236) & 1) === 0) return refuse("it is a kernel for 32-bit x86");
  const wholeBytes = ((head[0x1f1] || 4) + 1) * 512 + head.readUInt32LE(0x1f4) * 16;
  // The last unit of 16 bytes may be incomplete.
  if (bytes + 15 < wholeBytes) return refuse(`it is cut: ${bytes} bytes of ${wholeBytes}`);
  return {
    format: "bzImage",
    endAddress: Number(head.readBigUInt64LE(0x258)) + head.readUInt32LE(0x260),
    maxParamsBytes: Math.min(head.readUInt32LE(0x238), MAX_PARAMS_BYTES),
    hasPvhEntry: false,
  };
}

function inspectElf(fd: number, bytes: number, head: Buffer, refuse: (why: string) => never): GuestKernel {
  if (head[4] !== 2 || head[5] !== 1) return refuse("it is no 64-bit ELF file");
  const machine = head.readUInt16LE(18);
  if (machine !== MACHINE_X86_64) return refuse(`it is for another processor (ELF machine ${machine})`);
  const count = Math.min(head.readUInt16LE(56), MAX_PROGRAM_HEADERS);
  const table = readAt(fd, Number(head.readBigUInt64LE(32)), count * PROGRAM_HEADER_BYTES);
  if (count === 0) return refuse("the ELF file has no program headers");
  if (table.length < count * PROGRAM_HEADER_BYTES) return refuse("it is cut: its program headers are missing");
  let endAddress = 0;
  let wholeBytes = 0;
  let hasPvhEntry = false;
  for (let at = 0; at < table.length; at += PROGRAM_HEADER_BYTES) {
    const type = table.readUInt32LE(at);
    const [offset, address, fileBytes, memoryBytes] = [8, 24, 32, 40].map((field) =>
      Number(table.readBigUInt64LE(at + field)),
    ) as [number, number, number, number];
    if (type === PT_NOTE) hasPvhEntry ||= hasNote(readAt(fd, offset, Math.min(fileBytes, MAX_NOTE_BYTES)));
    if (type !== PT_LOAD) continue;
    wholeBytes = Math.max(wholeBytes, offset + fileBytes);
    endAddress = Math.max(endAddress, address + memoryBytes);
  }
  if (endAddress === 0) return refuse("the ELF file has nothing to load");
  if (bytes < wholeBytes) return refuse(`it is cut: ${bytes} bytes of ${wholeBytes}`);
  return { format: "elf", endAddress, maxParamsBytes: MAX_PARAMS_BYTES, hasPvhEntry };
}

/** Of Xen, with the entry of PVH. */
function hasNote(notes: Buffer): boolean {
  const aligned = (length: number): number => Math.ceil(length / 4) * 4;
  for (let at = 0; at + 12 <= notes.length;) {
    const [nameBytes, descriptionBytes] = [notes.readUInt32LE(at), notes.readUInt32LE(at + 4)];
    const isXen = notes.toString("latin1", at + 12, at + 12 + nameBytes) === "Xen\0";
    if (isXen && notes.readUInt32LE(at + 8) === PVH_NOTE) return true;
    at += 12 + aligned(nameBytes) + aligned(descriptionBytes);
  }
  return false;
}

/** As many bytes as there are. */
function readAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  if (!Number.isSafeInteger(position)) return buffer.subarray(0, 0);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}
