import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { u16, u32, u64 } from "../byte-writer.js";
import { bytesSource, openFileSource, type ByteSource } from "../byte-source.js";
import { fixture } from "../testing/fixtures.js";
import { writeZip, type NewEntry } from "./write-zip.js";
import { openZip } from "./zip.js";

const GIB = 1024 ** 3;

function zipOf(...entries: readonly NewEntry[]): Buffer {
  const { entries: contents, centralDirectory, end } = writeZip(entries);
  return Buffer.concat([...contents, centralDirectory, end]);
}

const hello: NewEntry = { name: "hello.txt", content: Buffer.from("hello") };
/** Of a ZIP with one entry and no comment. */
const centralOf = (zip: Buffer) => zip.readUInt32LE(zip.length - 22 + 16);

/** Parts of a file with nothing but zeros between them. */
function sparse(size: number, ...parts: readonly (readonly [offset: number, bytes: Buffer])[]): ByteSource {
  return {
    size,
    read: async (offset, length) => {
      const bytes = Buffer.alloc(length);
      for (const [at, part] of parts) {
        const from = Math.max(0, offset - at);
        if (at + part.length > offset && at < offset + length) part.copy(bytes, Math.max(0, at - offset), from);
      }
      return bytes;
    },
  };
}

describe("reading", () => {
  test("what Info-ZIP wrote: deflated, stored, from a pipe with data descriptors, ZIP64", async () => {
    for (const name of ["deflated", "stored", "piped", "zip64"]) {
      const zip = await openZip(bytesSource(fixture(`golden/${name}.zip`)));
      const [entry] = [...zip.entries.keys()];
      expect((await zip.read(entry!)).toString()).toBe("Info-ZIP ".repeat(100));
      expect(zip.end.zip64).toBe(name === "zip64");
    }
  });

  test("what we wrote, aligned", async () => {
    const library = { name: "lib/x86_64/a.so", content: Buffer.alloc(5000, 7), alignBytes: 16384 };
    const text = { name: "b/ümlaut.txt", content: Buffer.alloc(5000, "text"), compress: true };
    const zip = await openZip(bytesSource(zipOf(hello, library, text)));
    expect((await zip.locate("hello.txt")).offset % 4).toBe(0);
    expect((await zip.locate(library.name)).offset % 16384).toBe(0);
    expect(await zip.read(library.name)).toEqual(library.content);
    expect((await zip.locate(text.name)).length).toBeLessThan(100);
    expect(await zip.read(text.name)).toEqual(text.content);
  });
});

describe("refusals", () => {
  const refuses = async (bytes: Buffer | ByteSource, code: string, entry?: string) => {
    const read = async () => {
      const zip = await openZip(Buffer.isBuffer(bytes) ? bytesSource(bytes) : bytes);
      if (entry) await zip.read(entry);
    };
    await expect(read()).rejects.toMatchObject({ code, field: expect.any(String), offset: expect.any(Number) });
  };

  test.each(["../a", "a/../../b", "/etc/passwd", "a\\b", "a\0b", "a//b", "./a", ""])("name %j", async (name) => {
    const placeholder = "x".repeat(Buffer.byteLength(name));
    const zip = zipOf({ name: placeholder || "x", content: Buffer.from("1") });
    const central = centralOf(zip);
    if (name === "") zip.writeUInt16LE(0, central + 28);
    else for (const at of [30, central + 46]) zip.write(name, at);
    await refuses(name === "" ? shortened(zip, central) : zip, "UNSAFE_ENTRY_NAME");
  });

  /** Takes the one byte of the name out of the central directory. */
  function shortened(zip: Buffer, central: number): Buffer {
    const cut = Buffer.concat([zip.subarray(0, central + 46), zip.subarray(central + 47)]);
    cut.writeUInt32LE(cut.length - 22 - central, cut.length - 22 + 12);
    return cut;
  }

  test("a name twice", async () => {
    const zip = zipOf(hello, { ...hello, name: "hallo.txt" });
    const at = zip.lastIndexOf("hallo.txt");
    zip.write("hello.txt", at);
    await refuses(zip, "DUPLICATE_ENTRY");
  });

  test("two entries over the same bytes", async () => {
    const zip = zipOf(hello, { ...hello, name: "other.txt" });
    zip.writeUInt32LE(0, zip.lastIndexOf("other.txt") - 46 + 42);
    await refuses(zip, "OVERLAPPING_ENTRIES");
  });

  test("a bomb: more than the limit, and more than it says", async () => {
    const bomb = zipOf({ name: "bomb", content: Buffer.alloc(100 * 1024 * 1024), compress: true });
    expect(bomb.length).toBeLessThan(200_000);
    await refuses(bomb, "LIMIT_EXCEEDED", "bomb");
    const liar = zipOf({ name: "bomb", content: Buffer.alloc(1024 * 1024), compress: true });
    liar.writeUInt32LE(1000, centralOf(liar) + 24);
    await refuses(liar, "BAD_ENTRY", "bomb");
  });

  test("content that does not match its CRC, another name in the local header, encryption, unknown compression", async () => {
    const changed = (at: (zip: Buffer) => number, value: number) => {
      const zip = zipOf(hello);
      zip[at(zip)] = value;
      return zip;
    };
    await refuses(
      changed((zip) => zip.indexOf("hello", 39), 0x48),
      "CRC_MISMATCH",
      "hello.txt",
    );
    await refuses(
      changed(() => 30, 0x48),
      "BAD_ENTRY",
      "hello.txt",
    );
    await refuses(
      changed((zip) => centralOf(zip) + 8, 1),
      "ENCRYPTED_ENTRY",
      "hello.txt",
    );
    await refuses(
      changed((zip) => centralOf(zip) + 10, 12),
      "UNSUPPORTED_COMPRESSION",
      "hello.txt",
    );
  });

  test("absurd counts, sizes and offsets", async () => {
    const changed = (offsetFromEnd: number, bytes: Buffer) => {
      const zip = zipOf(hello);
      bytes.copy(zip, zip.length - 22 + offsetFromEnd);
      return zip;
    };
    await refuses(changed(8, Buffer.concat([u16(9999), u16(9999)])), "TRUNCATED_CENTRAL_DIRECTORY");
    await refuses(changed(12, u32(0xfffffffe)), "TRUNCATED_CENTRAL_DIRECTORY");
    await refuses(changed(16, u32(0xfffffffe)), "TRUNCATED_CENTRAL_DIRECTORY");
    await refuses(Buffer.alloc(0), "NOT_A_ZIP");
    await refuses(Buffer.alloc(100_000), "NOT_A_ZIP");
  });
});

describe("files beyond 4 GiB", () => {
  /** One entry whose header is at `at`, in a ZIP64 archive that ends at `at` and a little more. */
  function hugeZip(at: number, centralSize = 0): ByteSource {
    const small = zipOf({ name: "far", content: Buffer.from("far away") });
    const header = small.subarray(0, small.indexOf("far away") + 8);
    const record = Buffer.from(small.subarray(centralOf(small), small.length - 22));
    record.writeUInt32LE(0xffffffff, 42);
    record.writeUInt16LE(12, 30);
    const central = Buffer.concat([record, u16(1), u16(8), u64(at)]);
    const directory = at + header.length;
    const end64 = directory + (centralSize || central.length);
    const counts = Buffer.concat([u64(1), u64(1), u64(centralSize || central.length), u64(directory)]);
    const end = Buffer.concat([
      Buffer.concat([u32(0x06064b50), u64(44), u32(0), u32(0), u32(0), counts]),
      Buffer.concat([u32(0x07064b50), u32(0), u64(end64), u32(1)]),
      Buffer.concat([u32(0x06054b50), u32(0), u16(0xffff), u16(0xffff), u32(0xffffffff), u32(0xffffffff), u16(0)]),
    ]);
    return sparse(end64 + end.length, [at, header], [directory, central], [end64, end]);
  }

  test.each([4 * GIB - 1, 4 * GIB, 4 * GIB + 1, 100 * GIB])("an entry at %d is read", async (at) => {
    const zip = await openZip(hugeZip(at));
    expect((await zip.read("far")).toString()).toBe("far away");
  });

  test("a central directory of 3 GiB is refused, not read", async () => {
    await expect(openZip(hugeZip(GIB, 3 * GIB))).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  test("a sparse file of 8 GiB is refused in a moment", async () => {
    const folder = await mkdtemp(join(tmpdir(), "avf-zip-"));
    try {
      const path = join(folder, "sparse.zip");
      await using file = await open(path, "w");
      await file.truncate(8 * GIB);
      await using source = await openFileSource(path);
      await expect(openZip(source)).rejects.toMatchObject({ code: "NOT_A_ZIP" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
