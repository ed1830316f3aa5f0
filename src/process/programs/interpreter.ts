/** The loader that an ELF program names. Layout: elf(5), and `load_elf_binary` of the kernel. */

const PROGRAM_HEADERS = 0x20;
const HEADER_BYTES = 0x36;
const HEADER_COUNT = 0x38;
const PT_INTERP = 3;
const OFFSET = 0x08;
const FILE_BYTES = 0x20;
const MEMORY_BYTES = 0x28;

/**
 * A copy of an x86-64 program that the kernel starts with another loader. Its path is appended: the kernel reads it from
 * the file, while the loader itself continues to see the old one in memory, where it only is a name.
 */
export function withInterpreter(program: Buffer, path: string): Buffer {
  const text = Buffer.from(`${path}\0`);
  const changed = Buffer.concat([program, text]);
  const header = interpreterHeader(changed);
  changed.writeBigUInt64LE(BigInt(program.length), header + OFFSET);
  for (const field of [FILE_BYTES, MEMORY_BYTES]) changed.writeBigUInt64LE(BigInt(text.length), header + field);
  return changed;
}

function interpreterHeader(program: Buffer): number {
  if (program.toString("latin1", 0, 4) !== "\x7fELF" || program[4] !== 2)
    throw new Error("this is no 64-bit ELF program");
  const start = Number(program.readBigUInt64LE(PROGRAM_HEADERS));
  const bytes = program.readUInt16LE(HEADER_BYTES);
  const count = program.readUInt16LE(HEADER_COUNT);
  for (let number = 0; number < count; number++) {
    const header = start + number * bytes;
    if (program.readUInt32LE(header) === PT_INTERP) return header;
  }
  throw new Error("this program names no loader");
}
