import { describe, expect, test } from "@jest/globals";
import { decodeLz4Legacy } from "./lz4.js";

/** A legacy frame of hand-made blocks; the kernel's build appends the uncompressed size. */
function frame(...blocks: readonly number[][]): Buffer {
  const parts: Buffer[] = [Buffer.from([0x02, 0x21, 0x4c, 0x18])];
  for (const block of blocks) {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    parts.push(size, Buffer.from(block));
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

const letters = (text: string): number[] => [...Buffer.from(text)];

describe("decodeLz4Legacy", () => {
  test("literals only", () => {
    expect(decodeLz4Legacy(frame([0x30, ...letters("abc")]), 100).toString()).toBe("abc");
  });

  test("a match that overlaps itself repeats", () => {
    // One literal, then a match of 4 + 3 bytes at distance 1, then a last literal.
    const block = [0x13, ...letters("x"), 1, 0, 0x10, ...letters("!")];
    expect(decodeLz4Legacy(frame(block), 100).toString()).toBe("xxxxxxxx!");
  });

  test("a match further back is copied", () => {
    const block = [0x40, ...letters("abcd"), 4, 0, 0x10, ...letters("e")];
    expect(decodeLz4Legacy(frame(block), 100).toString()).toBe("abcdabcde");
  });

  test("lengths beyond 15 go on in further bytes", () => {
    const text = "0123456789abcdefghij";
    expect(decodeLz4Legacy(frame([0xf0, text.length - 15, ...letters(text)]), 100).toString()).toBe(text);
  });

  test("blocks follow each other", () => {
    expect(decodeLz4Legacy(frame([0x10, 97], [0x10, 98]), 100).toString()).toBe("ab");
  });

  test.each([
    ["a match before the beginning", [0x10, 97, 9, 0, 0x10, 98]],
    ["a distance of zero", [0x10, 97, 0, 0, 0x10, 98]],
    ["literals beyond the block", [0x50, 97]],
    ["a length without an end", [0xf0, 255]],
    ["an offset cut in half", [0x10, 97, 1]],
  ])("refuses %s", (_name, block) => {
    expect(() => decodeLz4Legacy(frame(block), 100)).toThrow(/LZ4/);
  });

  test("refuses more than the limit", () => {
    expect(() => decodeLz4Legacy(frame([0x30, ...letters("abc")]), 2)).toThrow("larger than 2 bytes");
  });

  test("refuses a block that is cut short", () => {
    expect(() => decodeLz4Legacy(frame([0x30, ...letters("abc")]).subarray(0, 9), 100)).toThrow("cut short");
  });
});
