/** Decoder for LZ4's legacy frame, the form in which Linux packs its kernel. Format: LZ4 block and frame descriptions. */

const BLOCK_LIMIT = 8 << 20;

/** Decodes a whole legacy frame; throws on anything malformed or larger than `maxBytes`. */
export function decodeLz4Legacy(frame: Buffer, maxBytes: number): Buffer {
  const blocks: Buffer[] = [];
  let total = 0;
  // Behind the magic: blocks of u32 size and data; the kernel's build appends the uncompressed size as a last u32.
  for (let at = 4; at + 4 < frame.length;) {
    const size = frame.readUInt32LE(at);
    if (size === 0 || at + 4 + size > frame.length) throw new Error(`LZ4 block at ${at} is cut short`);
    const block = decodeBlock(frame.subarray(at + 4, at + 4 + size));
    total += block.length;
    if (total > maxBytes) throw new Error(`LZ4 data is larger than ${maxBytes} bytes`);
    blocks.push(block);
    at += 4 + size;
  }
  return Buffer.concat(blocks, total);
}

function decodeBlock(input: Buffer): Buffer {
  const output = Buffer.allocUnsafe(BLOCK_LIMIT);
  let from = 0;
  let to = 0;
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      let more;
      do {
        more = input[from++];
        if (more === undefined) throw new Error("LZ4 block ends inside a length");
        length += more;
      } while (more === 255);
    }
    return length;
  };
  while (from < input.length) {
    const token = input[from++] ?? 0;
    const literals = lengthOf(token >> 4);
    if (from + literals > input.length || to + literals > BLOCK_LIMIT)
      throw new Error("LZ4 literals run out of bounds");
    input.copy(output, to, from, from + literals);
    from += literals;
    to += literals;
    if (from >= input.length) break;
    if (from + 2 > input.length) throw new Error("LZ4 block ends inside an offset");
    const offset = input.readUInt16LE(from);
    from += 2;
    const matched = lengthOf(token & 15) + 4;
    if (offset === 0 || offset > to || to + matched > BLOCK_LIMIT) throw new Error("LZ4 match runs out of bounds");
    copyMatch(output, to, offset, matched);
    to += matched;
  }
  return output.subarray(0, to);
}

/** A match may overlap what it writes: then it repeats the last `offset` bytes. */
function copyMatch(output: Buffer, to: number, offset: number, length: number): void {
  if (offset >= length) {
    output.copyWithin(to, to - offset, to - offset + length);
    return;
  }
  for (let index = 0; index < length; index++) output[to + index] = output[to - offset + index] ?? 0;
}
