/** Little-endian pieces that the APK formats are made of; the mirror of `byte-reader.ts`. */

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** A u32 length, then the bytes. */
export function prefixed(...pieces: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(pieces);
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** A length-prefixed sequence of length-prefixed elements. */
export function sequence(elements: readonly Uint8Array[]): Buffer {
  return prefixed(...elements.map((element) => prefixed(element)));
}
