/**
 * One member of a gzip file (RFC 1952), unpacked by itself. Node's own streams take what follows a member for the next one,
 * and it need not be: a kernel's initramfs may continue with an archive that is packed otherwise, or not at all.
 */
import { Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";

/** Reads from a place on; fewer bytes where the source ends. */
type ReadAt = (from: number, bytes: number) => Promise<Buffer>;

/** Its code is zlib's for a stream without an end. */
class CutError extends Error {
  readonly code = "Z_BUF_ERROR";

  constructor() {
    super("unexpected end of file");
  }
}

/** At least what a stream takes before it asks to wait: each piece is unpacked before the next is read. */
const PIECE_BYTES = 64 << 10;
/** With names and comments, which have no limit of their own. */
const MAX_HEADER_BYTES = 64 << 10;
const FIXED_HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const DEFLATE = 8;
const FLAGS = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;

export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * @param sink for what was packed; is ended
 * @returns where the member ends
 * @throws Error in zlib's words; its code is `Z_BUF_ERROR` where the source ends too soon
 */
export async function unpackGzipMember(
  read: ReadAt,
  start: number,
  sink: Writable,
  signal?: AbortSignal,
): Promise<number> {
  const data = start + headerBytes(await read(start, MAX_HEADER_BYTES));
  const inflate = createInflateRaw();
  let given = 0;
  const packed = async function* (): AsyncGenerator<Buffer> {
    // What follows the end of the data is not taken.
    while (inflate.bytesWritten === given) {
      const piece = await read(data + given, PIECE_BYTES);
      if (piece.length === 0) return;
      given += piece.length;
      yield piece;
    }
  };
  const sums = { crc: 0, bytes: 0 };
  const summed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      sums.crc = crc32(chunk, sums.crc);
      sums.bytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(packed, inflate, summed, sink, { signal });
  const end = data + inflate.bytesWritten;
  const trailer = await read(end, TRAILER_BYTES);
  if (trailer.length < TRAILER_BYTES) throw new CutError();
  if (trailer.readUInt32LE(0) !== sums.crc) throw new Error("incorrect data check");
  if (trailer.readUInt32LE(4) !== sums.bytes % 2 ** 32) throw new Error("incorrect length check");
  return end + TRAILER_BYTES;
}

function headerBytes(head: Buffer): number {
  if (head.length < FIXED_HEADER_BYTES) throw new CutError();
  if (!isGzip(head)) throw new Error("incorrect header check");
  if (head[2] !== DEFLATE) throw new Error("unknown compression method");
  const flags = head[3] ?? 0;
  let at = FIXED_HEADER_BYTES;
  if ((flags & FLAGS.extra) !== 0) {
    if (head.length < at + 2) throw new CutError();
    at += 2 + head.readUInt16LE(at);
  }
  for (const text of [FLAGS.name, FLAGS.comment]) {
    if ((flags & text) === 0) continue;
    const end = at < head.length ? head.indexOf(0, at) : -1;
    if (end < 0) throw new CutError();
    at = end + 1;
  }
  return (flags & FLAGS.headerCrc) === 0 ? at : at + 2;
}
