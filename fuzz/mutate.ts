/** A small mutator: seeds are changed, cut, doubled and joined; the same numbers from the same start. */

export type Random = (below: number) => number;

/** mulberry32 */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const NUMBERS = [
  0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
const MAX_CHANGES = 6;
const MAX_PIECE = 64;

/** @param tokens pieces of the format that are put in now and then */
export function mutate(seeds: readonly Buffer[], tokens: readonly string[], pick: Random): Buffer {
  let bytes: Buffer = Buffer.from(seeds[pick(seeds.length)]!);
  for (let left = 1 + pick(MAX_CHANGES); left > 0; left -= 1) bytes = change(bytes, seeds, tokens, pick);
  return bytes;
}

function change(bytes: Buffer, seeds: readonly Buffer[], tokens: readonly string[], pick: Random): Buffer {
  const at = pick(bytes.length + 1);
  const length = pick(4) === 0 ? pick(bytes.length + 1) : pick(MAX_PIECE);
  switch (pick(8)) {
    case 0:
      if (at < bytes.length) bytes[at] = pick(256);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at]! ^= 1 << pick(8);
      return bytes;
    case 2:
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(NUMBERS[pick(NUMBERS.length)]!, at);
      return bytes;
    case 3:
      if (at + 2 <= bytes.length) bytes.writeUInt16LE(NUMBERS[pick(NUMBERS.length)]! & 0xffff, at);
      return bytes;
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 5:
      return pick(4) === 0
        ? bytes.subarray(0, at)
        : insert(bytes, pick(bytes.length + 1), bytes.subarray(at, at + length));
    case 6: {
      const other = seeds[pick(seeds.length)]!;
      const from = pick(other.length + 1);
      return insert(bytes, at, other.subarray(from, from + length));
    }
    default:
      return tokens.length === 0 ? bytes : insert(bytes, at, Buffer.from(tokens[pick(tokens.length)]!));
  }
}

function insert(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}
