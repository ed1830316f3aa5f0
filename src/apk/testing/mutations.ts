/** Real files, mutated: changed, cut, doubled, with numbers where they hurt; for fuzz tests. */
import * as fc from "fast-check";

type Mutation =
  | { readonly kind: "byte"; readonly at: number; readonly value: number }
  | { readonly kind: "u32"; readonly at: number; readonly value: number }
  | { readonly kind: "cut"; readonly at: number; readonly length: number }
  | { readonly kind: "end"; readonly at: number }
  | { readonly kind: "double"; readonly at: number; readonly length: number; readonly to: number };

const NUMBERS_THAT_HURT = [
  0, 1, 3, 4, 7, 8, 0x7f, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

/** @param spots offsets where structures begin; half of all mutations happen just behind one */
export function mutations(size: number, spots: readonly number[]): fc.Arbitrary<readonly Mutation[]> {
  const near = fc
    .tuple(fc.constantFrom(...spots), fc.nat({ max: 300 }))
    .map(([spot, distance]) => Math.min(spot + distance, size - 1));
  const at = fc.oneof(near, fc.nat({ max: size - 1 }));
  const length = fc.oneof(fc.nat({ max: 64 }), fc.nat({ max: size }));
  const one: fc.Arbitrary<Mutation> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("byte"), at, value: fc.nat({ max: 255 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("u32"), at, value: fc.constantFrom(...NUMBERS_THAT_HURT) }) },
    fc.record({ kind: fc.constant("cut"), at, length }),
    fc.record({ kind: fc.constant("end"), at }),
    fc.record({ kind: fc.constant("double"), at, length, to: at }),
  );
  return fc.array(one, { minLength: 1, maxLength: 4 });
}

export function mutate(original: Buffer, changes: readonly Mutation[]): Buffer {
  return changes.reduce<Buffer>(applyOne, Buffer.from(original));
}

function applyOne(bytes: Buffer, mutation: Mutation): Buffer {
  if (bytes.length === 0) return bytes;
  const at = mutation.at % bytes.length;
  switch (mutation.kind) {
    case "byte":
      bytes[at] = mutation.value;
      return bytes;
    case "u32":
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(mutation.value, at);
      return bytes;
    case "cut":
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + mutation.length)]);
    case "end":
      return bytes.subarray(0, at);
    case "double": {
      const piece = bytes.subarray(at, at + mutation.length);
      const to = mutation.to % bytes.length;
      return Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
    }
  }
}
