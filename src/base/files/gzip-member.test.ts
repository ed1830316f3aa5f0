import { describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { constants, gzipSync } from "node:zlib";
import { isGzip, unpackGzipMember } from "./gzip-member.js";

async function unpack(source: Buffer, start = 0): Promise<{ readonly content: Buffer; readonly end: number }> {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  const read = async (from: number, bytes: number): Promise<Buffer> => source.subarray(from, from + bytes);
  const end = await unpackGzipMember(read, start, sink);
  return { content: Buffer.concat(chunks), end };
}

const LARGE = Buffer.concat([randomBytes(200_000), Buffer.alloc(500_000, "x")]);

describe("a member ends where it ends, whatever follows", () => {
  test.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["another member", gzipSync("other")],
    ["zeros", Buffer.alloc(100_000)],
    ["a cpio archive", Buffer.from("070701".padEnd(300_000, "0"))],
    ["what is not known", Buffer.alloc(1_000_000, 0xff)],
  ])("%s", async (_what, rest) => {
    for (const content of [Buffer.alloc(0), Buffer.from("a"), LARGE, LARGE.subarray(0, 65_000)]) {
      for (const level of [constants.Z_NO_COMPRESSION, constants.Z_BEST_COMPRESSION]) {
        const member = gzipSync(content, { level });
        const found = await unpack(Buffer.concat([Buffer.from("before"), member, rest]), 6);
        expect(found.end).toBe(6 + member.length);
        expect(found.content.equals(content)).toBe(true);
      }
    }
  });

  test("at each place within the pieces that are read", async () => {
    // Not packed, a member is as long as its content and a few bytes.
    for (let bytes = 65_536 - 40; bytes <= 65_536 + 10; bytes++) {
      const member = gzipSync(LARGE.subarray(0, bytes), { level: constants.Z_NO_COMPRESSION });
      expect((await unpack(Buffer.concat([member, Buffer.from("070701")]))).end).toBe(member.length);
    }
  });
});

test("the name of the file that gzip writes, and the other fields of RFC 1952, are passed over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "avf-gzip-"));
  try {
    const path = join(folder, "a name");
    writeFileSync(path, "content");
    execFileSync("gzip", ["-N", path]);
    const named = readFileSync(`${path}.gz`);
    expect(named[3]).toBe(8);
    expect((await unpack(named)).content.toString()).toBe("content");
    // Extra field of three bytes, name, comment, check sum of the header.
    const fields = Buffer.from("\x03\0abcname\0comment\0\x12\x34", "latin1");
    const plain = gzipSync("content");
    const all = Buffer.concat([plain.subarray(0, 3), Buffer.from([2 | 4 | 8 | 16]), plain.subarray(4, 10), fields]);
    const found = await unpack(Buffer.concat([all, plain.subarray(10)]));
    expect(found).toEqual({ content: Buffer.from("content"), end: plain.length + fields.length });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("one that is cut anywhere, or damaged, is said to be so in zlib's words", async () => {
  const member = gzipSync(randomBytes(100));
  for (let bytes = 0; bytes < member.length; bytes++) {
    await expect(unpack(member.subarray(0, bytes))).rejects.toMatchObject({
      code: "Z_BUF_ERROR",
      message: "unexpected end of file",
    });
  }
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(member);
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  };
  await expect(unpack(changed(0))).rejects.toThrow("incorrect header check");
  await expect(unpack(changed(2))).rejects.toThrow("unknown compression method");
  await expect(unpack(changed(10))).rejects.toThrow(/invalid|incorrect/);
  await expect(unpack(changed(member.length - 5))).rejects.toThrow("incorrect data check");
  await expect(unpack(changed(member.length - 1))).rejects.toThrow("incorrect length check");
  expect([isGzip(member), isGzip(changed(1)), isGzip(Buffer.alloc(0))]).toEqual([true, false, false]);
});
