import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildInitramfs } from "../initramfs/initramfs.js";
import { lookAtDisk } from "./disk.js";
import { lookAtInitrd } from "./initrd.js";
import { lookAtKernel } from "./kernel.js";

let folder: string;
let archive: Buffer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "avf-boot-files-"));
  archive = await buildInitramfs({ files: { init: "#!/bin/sh\n", "lib/big": Buffer.alloc(300_001, 7) } });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (bytes: Uint8Array | string): string => {
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  return path;
};

/** The header of Documentation/arch/x86/boot.rst, and so many units of 16 bytes behind the setup code. */
function bzImage({ units = 100, version = 0x20f, xload = 1, loadflags = 1 } = {}): Buffer {
  const image = Buffer.alloc(2 * 512 + units * 16);
  image.writeUInt8(1, 0x1f1);
  image.writeUInt32LE(units, 0x1f4);
  image.write("HdrS", 0x202, "latin1");
  image.writeUInt16LE(version, 0x206);
  image.writeUInt8(loadflags, 0x211);
  image.writeUInt16LE(xload, 0x236);
  return image;
}

function elf({ machine = 62, type = 2, bits = 2 } = {}): Buffer {
  const file = Buffer.alloc(128);
  file.write("\x7fELF", "latin1");
  file.writeUInt8(bits, 4);
  file.writeUInt16LE(type, 16);
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 40);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(1, 60);
  return file;
}

const arm64Image = Buffer.concat([Buffer.alloc(56), Buffer.from("ARM\x64", "latin1"), Buffer.alloc(100)]);

test.each([
  ["a bzImage", bzImage(), { kind: "bzImage", architecture: "x86_64" }],
  ["a vmlinux", elf(), { kind: "vmlinux", architecture: "x86_64" }],
  ["a vmlinux for arm64", elf({ machine: 183 }), { kind: "vmlinux", architecture: "arm64" }],
  ["an Image", arm64Image, { kind: "Image", architecture: "arm64" }],
  ["an Image in LZ4", Buffer.from([4, 0x22, 0x4d, 0x18, 0]), { kind: "Image.lz4", architecture: "arm64" }],
  ["one in the LZ4 of its build", Buffer.from([2, 0x21, 0x4c, 0x18, 0]), { kind: "Image.lz4", architecture: "arm64" }],
])("%s is a kernel", async (_what, bytes, expected) => {
  expect(await lookAtKernel(written(bytes))).toMatchObject({ ...expected, bytes: bytes.length });
});

describe("what is not a kernel is refused with file and reason", () => {
  test.each([
    ["text", Buffer.from("root:x:0:0\n"), "it is no kernel"],
    ["zeros", Buffer.alloc(5_000), "it is no kernel"],
    ["an archive", Buffer.from("070701"), "it is no kernel"],
    ["nothing", Buffer.alloc(0), "it is empty"],
    ["one in gzip", gzipSync(elf()), "it is compressed with gzip as a whole, which no monitor unpacks"],
    ["one in xz", Buffer.from("\xfd7zXZ\0\0\x04", "latin1"), "it is compressed with xz as a whole"],
    ["one in zstd", Buffer.from("28b52ffd24", "hex"), "it is compressed with zstd as a whole"],
    [
      "a bzImage that is cut",
      bzImage().subarray(0, 1_500),
      "it ends after 1500 bytes, and its header says that there are at least 2624",
    ],
    [
      "a bzImage that is cut within its header",
      bzImage().subarray(0, 0x220),
      "it ends after 544 bytes, within its header",
    ],
    ["a zImage", bzImage({ loadflags: 0 }), "it is a zImage"],
    ["a kernel for 32 bits", bzImage({ xload: 0 }), "it is a kernel for 32 bits"],
    ["a vmlinux that is cut", elf().subarray(0, 100), "it ends after 100 bytes, and its header says"],
    ["a module", elf({ type: 1 }), "it is an object file or a kernel module"],
    ["ELF for 32 bits", elf({ bits: 1 }), "it is an ELF file for 32 bits"],
    ["ELF for another machine", elf({ machine: 8 }), "it is for machine 8 of ELF"],
    ["a program", readFileSync(process.execPath).subarray(0, 1 << 20), "it is a program, no kernel"],
  ])("%s", async (_what, bytes, reason) => {
    const path = written(bytes);
    await expect(lookAtKernel(path)).rejects.toMatchObject({
      code: "BAD_IMAGE_FILE",
      kind: "usage",
      message: expect.stringContaining(`${path} cannot be a kernel: ${reason}`),
    });
  });
});

test("what is not a file is refused for each use", async () => {
  const [missing, dangling] = [join(folder, "missing"), join(folder, "dangling")];
  symlinkSync("nowhere", dangling);
  mkdirSync(join(folder, "sub"), { recursive: true });
  await expect(lookAtKernel(missing)).rejects.toThrow(`${missing} cannot be a kernel: there is no such file.`);
  await expect(lookAtInitrd(dangling)).rejects.toThrow(`${dangling} cannot be an initramfs: there is no such file.`);
  await expect(lookAtDisk(join(folder, "sub"))).rejects.toThrow(/sub cannot be a disk: it is a folder\./);
  await expect(lookAtDisk("/dev/null")).rejects.toThrow("/dev/null cannot be a disk: it is no regular file.");
  await expect(lookAtDisk("a\0b")).rejects.toThrow(/zero byte/);
});

describe("an initramfs", () => {
  test("plain, packed, several in one, followed by one that only the kernel unpacks", async () => {
    await lookAtInitrd(written(archive));
    await lookAtInitrd(written(gzipSync(archive)));
    await lookAtInitrd(written(Buffer.concat([archive, Buffer.alloc(512), archive])));
    await lookAtInitrd(written(Buffer.concat([archive, gzipSync(Buffer.alloc(9_000, 1)), Buffer.alloc(200, 1)])));
    await lookAtInitrd(written(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2])));
  });

  test("in each order and with zeros wherever the kernel skips them", async () => {
    const packed = gzipSync(archive);
    const aligned = Buffer.concat([packed, Buffer.alloc(4 - (packed.length % 4))]);
    const zstd = Buffer.concat([Buffer.from("28b52ffd", "hex"), Buffer.alloc(100_000, 1)]);
    for (const parts of [
      [aligned, archive],
      [aligned, archive, packed],
      [packed, packed, aligned, archive],
      [packed, zstd],
      [aligned, Buffer.alloc(100_000), archive],
      [Buffer.alloc(512), archive],
      [Buffer.alloc(511), packed],
      // The first entry is the folder `dev`: 110 bytes, its name, and two that pad it.
      [archive.subarray(0, 116), Buffer.alloc(512), archive.subarray(116)],
    ]) {
      await lookAtInitrd(Buffer.concat(parts));
      await lookAtInitrd(written(Buffer.concat(parts)));
    }
  });

  test.each<[string, () => Buffer, RegExp]>([
    ["that is cut in a file", () => archive.subarray(0, 200_000), /it ends within an archive, at byte 200000\./],
    ["that is cut in a header", () => archive.subarray(0, 60), /it ends within an archive, at byte 0\./],
    ["without its end", () => archive.subarray(0, -124), /it ends within an archive/],
    ["in gzip that is cut", () => gzipSync(archive).subarray(0, -20), /unexpected end of file\./],
    ["in gzip that is cut before it was packed", () => gzipSync(archive.subarray(0, 1_000)), /ends within an archive/],
    ["with a damaged header", () => Buffer.concat([archive.subarray(0, 110 + 4), Buffer.alloc(400, 1)]), /no header/],
    [
      "that is cut behind one in gzip",
      () => Buffer.concat([gzipSync(archive), gzipSync(archive).subarray(0, -20)]),
      /unexpected end/,
    ],
    [
      "that is damaged in gzip",
      () => Buffer.concat([gzipSync(archive).subarray(0, -8), Buffer.alloc(8)]),
      /incorrect data check\./,
    ],
    [
      "that begins where the kernel sees none",
      () => Buffer.concat([Buffer.alloc(3), archive]),
      /at byte 3 an entry begins/,
    ],
    ["in the frame that lz4 writes", () => Buffer.from("04224d18", "hex"), /LZ4 in a frame, which no kernel unpacks/],
    ["of zeros", () => Buffer.alloc(100_000), /neither a cpio archive nor a compressed file/],
    ["that is something else", () => Buffer.from("MZ, a program"), /neither a cpio archive nor a compressed file/],
  ])("%s is refused", async (_what, make, reason) => {
    const failure = await lookAtInitrd(written(make())).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "BAD_IMAGE_FILE", message: expect.stringMatching(reason) });
  });
});

test("disks are plain bytes", async () => {
  expect(await lookAtDisk(written(Buffer.alloc(4_096)))).toBe(4_096);
  await expect(lookAtDisk(written("QFI\xfb"))).resolves.toBe(5);
  await expect(lookAtDisk(written(Buffer.from("QFI\xfb", "latin1")))).rejects.toThrow(/a qcow2 image/);
  await expect(lookAtDisk(written(Buffer.from([0x3a, 0xff, 0x26, 0xed])))).rejects.toThrow(/sparse image/);
});

test("bytes are looked at as a file of them is", async () => {
  expect(await lookAtKernel(bzImage())).toMatchObject({ kind: "bzImage", bytes: bzImage().length });
  await lookAtInitrd(gzipSync(archive));
  expect(await lookAtDisk(new Uint8Array(512))).toBe(512);
  const what = "What is given as bytes";
  await expect(lookAtKernel(Buffer.from("text"))).rejects.toThrow(`${what} (4) cannot be a kernel: it is no kernel.`);
  await expect(lookAtKernel(bzImage().subarray(0, 1_500))).rejects.toThrow(
    `${what} (1500) cannot be a kernel: it ends`,
  );
  await expect(lookAtInitrd(archive.subarray(0, 9_000))).rejects.toThrow(`${what} (9000) cannot be an initramfs:`);
  await expect(lookAtDisk(Buffer.alloc(0))).rejects.toThrow(`${what} (0) cannot be a disk: it is empty.`);
});
