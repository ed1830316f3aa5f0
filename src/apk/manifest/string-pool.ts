/** The string pool chunk of Android's binary formats: UTF-16 or UTF-8, strings decoded when asked for. */
import type { ByteReader } from "../byte-reader.js";

export interface StringPool {
  readonly count: number;
  /** @param chunk where the index was read, for error texts */
  get(index: number, chunk: ByteReader, field: string): string;
}

const UTF8_FLAG = 1 << 8;
/** A string longer than this is refused: no name or label of a manifest is. */
export const MAX_STRING_UNITS = 0x7fff;

export function parseStringPool(chunk: ByteReader): StringPool {
  chunk.seek(8, "string pool");
  const count = chunk.u32("string count");
  chunk.u32("style count");
  const flags = chunk.u32("flags");
  const stringsStart = chunk.u32("start of the strings");
  chunk.u32("start of the styles");
  if (count > chunk.remaining / 4) {
    chunk.refuse("BAD_LENGTH", `${count} strings cannot stand in ${chunk.remaining} bytes`, "string count", 8);
  }
  const offsets: number[] = [];
  for (let index = 0; index < count; index += 1) offsets.push(chunk.u32("string offset"));
  const decode = (flags & UTF8_FLAG) !== 0 ? decodeUtf8 : decodeUtf16;
  const cache = new Map<number, string>();
  return {
    count,
    get(index, user, field) {
      const known = cache.get(index);
      if (known !== undefined) return known;
      const offset = offsets[index];
      if (offset === undefined) return user.refuse("BAD_VALUE", `string ${index} of ${count} does not exist`, field);
      chunk.seek(stringsStart + offset, `string ${index}`);
      const text = decode(chunk);
      cache.set(index, text);
      return text;
    },
  };
}

function decodeUtf16(chunk: ByteReader): string {
  let units = chunk.u16("string length");
  if ((units & 0x8000) !== 0) units = ((units & 0x7fff) << 16) | chunk.u16("string length");
  return chunk.bytes(checkedUnits(units, chunk) * 2, "string").toString("utf16le");
}

function decodeUtf8(chunk: ByteReader): string {
  readShortLength(chunk);
  return chunk.bytes(checkedUnits(readShortLength(chunk), chunk), "string").toString("utf8");
}

function readShortLength(chunk: ByteReader): number {
  const first = chunk.u8("string length");
  return (first & 0x80) === 0 ? first : ((first & 0x7f) << 8) | chunk.u8("string length");
}

function checkedUnits(units: number, chunk: ByteReader): number {
  if (units <= MAX_STRING_UNITS) return units;
  return chunk.refuse("LIMIT_EXCEEDED", `a string of ${units} units; at most ${MAX_STRING_UNITS}`, "string length");
}
