/** Archives for tests, sound ones and others: a writer that checks nothing. */
import { crc32, deflateRawSync } from "node:zlib";

interface ZipSampleEntry {
  readonly name: string | Buffer;
  readonly content?: Uint8Array;
  readonly deflated?: boolean;
  /** Written instead of the true sum. */
  readonly crc?: number;
  /** Written instead of the true method. */
  readonly method?: number;
  /** Written into the directory instead of the true size. */
  readonly size?: number;
  readonly flags?: number;
  /** What made the entry: 0 DOS, 3 Unix. Default: 0. */
  readonly madeBy?: number;
  readonly externalAttributes?: number;
  /** Bytes that stand for the packed content. */
  readonly packed?: Uint8Array;
}

export function zipSample(entries: readonly ZipSampleEntry[], comment = ""): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const content = Buffer.from(entry.content ?? []);
    const packed = Buffer.from(entry.packed ?? (entry.deflated === true ? deflateRawSync(content) : content));
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(entry.flags ?? 0, 2);
    common.writeUInt16LE(entry.method ?? (entry.deflated === true ? 8 : 0), 4);
    common.writeUInt32LE(entry.crc ?? crc32Of(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(entry.size ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(entry.externalAttributes ?? 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, entry.madeBy ?? 0]), common, tail, name]));
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(comment.length, 16);
  return Buffer.concat([...files, central, Buffer.from("PK\x05\x06"), end, Buffer.from(comment)]);
}

export const crc32Of = (content: Uint8Array): number => crc32(content);
