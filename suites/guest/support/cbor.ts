/** CBOR (RFC 8949), as far as DICE chains use it. */
export type Cbor = number | string | Buffer | readonly Cbor[] | ReadonlyMap<Cbor, Cbor>;

/** One item, without anything after it. */
export function readCbor(bytes: Buffer): Cbor {
  let at = 0;
  const take = (size: number): Buffer => {
    if (at + size > bytes.length) throw new Error(`CBOR ends at ${bytes.length}, in the middle of an item`);
    return bytes.subarray(at, (at += size));
  };
  const size = (info: number): number => {
    if (info < 24) return info;
    if (info > 26) throw new Error(`CBOR with a length of kind ${info}`);
    return take(2 ** (info - 24)).readUIntBE(0, 2 ** (info - 24));
  };
  const item = (): Cbor => {
    const head = take(1)[0]!;
    const count = size(head & 31);
    switch (head >> 5) {
      case 0:
        return count;
      case 1:
        return -1 - count;
      case 2:
        return Buffer.from(take(count));
      case 3:
        return take(count).toString("utf8");
      case 4:
        return Array.from({ length: count }, item);
      case 5:
        return new Map(Array.from({ length: count }, () => [item(), item()] as const));
      default:
        throw new Error(`CBOR of major type ${head >> 5}`);
    }
  };
  const whole = item();
  if (at !== bytes.length) throw new Error(`CBOR with ${bytes.length - at} bytes behind its end`);
  return whole;
}
