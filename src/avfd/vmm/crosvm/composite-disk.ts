/** crosvm's file format for a disk that is made of several files (disk/src/composite.rs, protos/cdisk_spec.proto). */

interface DiskPart {
  readonly path: string;
  /** Where it begins on the disk; it ends where the next one begins. */
  readonly offset: number;
  /** Default: the guest may not write to it. */
  readonly writable?: boolean;
}

const MAGIC = "composite_disk\x1d";
/** The first version, in which each crosvm reads absolute paths as they stand. */
const VERSION = 1;
const READ_WRITE = 1;

/** Its parts follow each other without gaps. */
export function compositeDisk(parts: readonly DiskPart[], lengthBytes: number): Buffer {
  const components = parts.map(({ path, offset, writable }) => {
    const fields = [bytesField(1, Buffer.from(path)), numberField(2, offset)];
    return bytesField(2, Buffer.concat(writable === true ? [...fields, numberField(3, READ_WRITE)] : fields));
  });
  return Buffer.concat([Buffer.from(MAGIC), numberField(1, VERSION), ...components, numberField(3, lengthBytes)]);
}

/** Of protocol buffers: the low three bits of a key say how the value is written. */
function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
