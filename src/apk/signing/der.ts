/** As much of DER as a certificate needs. */

export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...derLength(body.length)]), body]);
}

export const derSequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
export const derSet = (...content: readonly Uint8Array[]) => der(0x31, ...content);
export const derNull = () => der(0x05);
export const derUtf8 = (text: string) => der(0x0c, Buffer.from(text));
export const derBitString = (bytes: Uint8Array) => der(0x03, Buffer.from([0]), bytes);
/** @param bytes big-endian, its first bit 0 */
export const derInteger = (bytes: Uint8Array) => der(0x02, bytes);

/** @param dotted as in `1.2.840.113549.1.1.11` */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime: years 1950 to 2049. */
export function derTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/\D/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`, "latin1"));
}

function derLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(value: number): readonly number[] {
  const groups = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) groups.unshift(0x80 | (rest & 0x7f));
  return groups;
}
