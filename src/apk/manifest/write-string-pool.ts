/** Writes a chunk, and the string pool chunk in UTF-16. Mirror of `string-pool.ts`. */
import { u16, u32 } from "../byte-writer.js";
import { ChunkType } from "./binary-xml.js";

const POOL_HEADER_BYTES = 28;

export function writeStringPool(strings: readonly string[]): Buffer {
  const encoded = strings.map(encodeUtf16);
  let at = 0;
  const offsets = encoded.map((bytes) => {
    const offset = at;
    at += bytes.length;
    return u32(offset);
  });
  const stringsStart = POOL_HEADER_BYTES + offsets.length * 4;
  const header = [strings.length, 0, 0, stringsStart, 0].map(u32);
  const padding = Buffer.alloc(-at & 3);
  return writeChunk(ChunkType.STRING_POOL, POOL_HEADER_BYTES, ...header, ...offsets, ...encoded, padding);
}

/** @param headerSize bytes of the chunk's header, its first eight included */
export function writeChunk(type: number, headerSize: number, ...body: readonly Buffer[]): Buffer {
  const size = 8 + body.reduce((sum, piece) => sum + piece.length, 0);
  return Buffer.concat([u16(type), u16(headerSize), u32(size), ...body]);
}

function encodeUtf16(text: string): Buffer {
  return Buffer.concat([u16(text.length), Buffer.from(text, "utf16le"), u16(0)]);
}
