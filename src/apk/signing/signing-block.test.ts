import { describe, expect, test } from "@jest/globals";
import type { ByteSource } from "../byte-source.js";
import { u16, u32, u64 } from "../byte-writer.js";
import { BLOCK_MAGIC, findSigningBlock } from "./signing-block.js";

/** A file of zeros with a signing block's footer, an empty central directory and its end record. */
function apkWithFooter(centralDirectory: number, blockSize: bigint, headerSize = blockSize): ByteSource {
  const footer = Buffer.concat([Buffer.alloc(8), BLOCK_MAGIC]);
  footer.writeBigUInt64LE(blockSize);
  const end = Buffer.concat([u32(0x06054b50), u64(0), u32(0), u32(centralDirectory), u16(0)]);
  const header = Buffer.alloc(8);
  header.writeBigUInt64LE(headerSize);
  const blockOffset = centralDirectory - Number(blockSize) - 8;
  const parts = [
    [blockOffset, header],
    [centralDirectory - footer.length, footer],
    [centralDirectory, end],
  ] as const;
  return {
    size: centralDirectory + end.length,
    read: async (offset, length) => {
      const bytes = Buffer.alloc(length);
      for (const [at, part] of parts) {
        if (at + part.length > offset && at < offset + length) {
          part.copy(bytes, Math.max(0, at - offset), Math.max(0, offset - at));
        }
      }
      return bytes;
    },
  };
}

describe("the signing block's sizes", () => {
  test("an empty block near 4 GiB is found", async () => {
    const block = await findSigningBlock(apkWithFooter(0xfffffff0, 24n));
    expect(block).toMatchObject({ blockOffset: 0xfffffff0 - 32, pairs: new Map() });
  });

  test.each([
    ["smaller than its own footer", 23n, "BAD_LENGTH"],
    ["as large as all that is before it, and one byte", 4073n, "BAD_LENGTH"],
    ["beyond 4 GiB", 1n << 32n, "BAD_LENGTH"],
    ["beyond what a number can tell", (1n << 64n) - 1n, "BAD_LENGTH"],
  ])("%s: refused", async (_, size, code) => {
    await expect(findSigningBlock(apkWithFooter(4080, size))).rejects.toMatchObject({ code });
  });

  test("of 3 GiB: refused before it is read", async () => {
    await expect(findSigningBlock(apkWithFooter(0xfffffff0, 3n << 30n))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  test("different in header and footer: refused", async () => {
    await expect(findSigningBlock(apkWithFooter(4096, 1000n, 1001n))).rejects.toMatchObject({
      code: "SIGNING_BLOCK_SIZES_DIFFER",
      message: expect.stringContaining("APK Signing Block sizes in header and footer do not match"),
    });
  });

  test("no room for a block: refused", async () => {
    await expect(findSigningBlock(apkWithFooter(31, 24n))).rejects.toMatchObject({
      code: "APK_TOO_SMALL",
      message: expect.stringContaining("APK too small for APK Signing Block. ZIP Central Directory offset: 31"),
    });
  });
});
