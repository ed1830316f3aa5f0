/** The APK Signing Block, written. Mirror of `signing-block.ts`. */
import { u32, u64 } from "../byte-writer.js";
import { BLOCK_MAGIC, BlockId } from "./signing-block.js";

const PAGE_BYTES = 4096;
const SIZE_AND_ID_BYTES = 12;

/** Padded to whole pages, as apksigner does. */
export function writeSigningBlock(values: Iterable<readonly [id: number, value: Uint8Array]>): Buffer {
  const pairs = Array.from(values, ([id, value]) => writePair(id, value));
  const overhead = 8 + 8 + BLOCK_MAGIC.length;
  const used = overhead + pairs.reduce((sum, pair) => sum + pair.length, 0);
  if (used % PAGE_BYTES !== 0) {
    const missing = -(used + SIZE_AND_ID_BYTES) & (PAGE_BYTES - 1);
    pairs.push(writePair(BlockId.PADDING, Buffer.alloc(missing)));
  }
  const body = Buffer.concat(pairs);
  const size = u64(body.length + overhead - 8);
  return Buffer.concat([size, body, size, BLOCK_MAGIC]);
}

function writePair(id: number, value: Uint8Array): Buffer {
  return Buffer.concat([u64(value.length + 4), u32(id), value]);
}
