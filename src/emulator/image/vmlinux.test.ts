import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { HOST_BUILD_TOOLS } from "../../process/testing/host-build-tools.js";
import { extractVmlinux } from "./vmlinux.js";

const { zstd } = HOST_BUILD_TOOLS;

/** A bzImage with two setup sectors and a payload at their end, as Documentation/arch/x86/boot.rst lays it out. */
function bzImage(payload: Buffer, magic = "HdrS"): Buffer {
  const setup = Buffer.alloc(3 * 512);
  setup[0x1f1] = 2;
  setup.write(magic, 0x202, "latin1");
  setup.writeUInt32LE(0x100, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, Buffer.alloc(0x100), payload, Buffer.alloc(8192)]);
}

/** Packed as scripts/Makefile.lib does it: the size of what was packed comes after the frame. */
function packed(content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  return Buffer.concat([execFileSync(zstd, ["-q", "-c", "-22", "--ultra"], { input: content }), size]);
}

const elf = Buffer.concat([Buffer.from("\x7fELF", "latin1"), Buffer.alloc(100_000, "kernel")]);

test("the ELF comes out of a payload that zstd packed", async () => {
  expect(await extractVmlinux(bzImage(packed(elf)), zstd)).toEqual(elf);
});

test.each([
  ["a file that is no kernel", bzImage(packed(elf), "none")],
  ["a payload of another compression", bzImage(Buffer.from("\xfd7zXZ\0 and more", "latin1"))],
  ["a payload that holds no ELF", bzImage(packed(Buffer.from("something else")))],
  ["a file of some bytes", Buffer.from("HdrS")],
])("%s boots as it is", async (_name, file) => {
  expect(await extractVmlinux(file, zstd)).toBeUndefined();
});
