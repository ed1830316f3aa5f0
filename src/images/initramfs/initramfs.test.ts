import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderFiles } from "./folder-files.js";
import { buildInitramfs, type InitramfsFile } from "./initramfs.js";
import { readNewc } from "./testing/read-newc.js";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "avf-initramfs-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("files, folders on the way, links, devices; what is a program may be run", async () => {
  const tool = join(folder, "tool");
  writeFileSync(tool, "anything");
  chmodSync(tool, 0o700);
  const archive = await buildInitramfs({
    files: {
      "/init": "#!/bin/sh\nexec sh\n",
      "etc/deep/hosts": "127.0.0.1 localhost\n",
      "bin/tool": { file: tool },
      "bin/elf": Buffer.from("\x7fELF…", "latin1"),
      "etc/secret": { content: "x", mode: 0o600 },
      "bin/sh": { link: "tool" },
      proc: { folder: true },
      "dev/null": { major: 1, minor: 3 },
    },
  });
  expect(readNewc(archive).map(({ text }) => text)).toEqual([
    "drwxr-xr-x bin",
    "-rwxr-xr-x bin/elf",
    "lrwxr-xr-x bin/sh -> tool",
    "-rwxr-xr-x bin/tool",
    "drwxr-xr-x dev",
    "crwxr-xr-x 5,1 dev/console",
    "crwxr-xr-x 1,3 dev/null",
    "drwxr-xr-x etc",
    "drwxr-xr-x etc/deep",
    "-rw-r--r-- etc/deep/hosts",
    "-rw------- etc/secret",
    "-rwxr-xr-x init",
    "drwxr-xr-x proc",
  ]);
  expect(
    readNewc(archive)
      .find(({ path }) => path === "etc/deep/hosts")
      ?.content.toString(),
  ).toBe("127.0.0.1 localhost\n");
});

test("the same files make the same bytes, whatever their order", async () => {
  const files: readonly (readonly [string, InitramfsFile])[] = [
    ["init", "#!/bin/sh\n"],
    ["a/b", "x"],
  ];
  const [one, other] = await Promise.all([
    buildInitramfs({ files: new Map(files) }),
    buildInitramfs({ files: Object.fromEntries([...files].reverse()) }),
  ]);
  expect(one.equals(other)).toBe(true);
});

describe("what is refused", () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["a step upwards", { "../init": "" }, /"\.\.\/init": it is no plain path/],
    ["an empty path", { "/": "" }, /no plain path/],
    ["a folder's name", { "bin/": "" }, /no plain path/],
    ["a path twice", { init: "", "/init": "" }, /"\/init": it is given twice/],
    ["a file in a file", { init: "", "init/x": "" }, /"init\/x": it lies in init, which is no folder/],
    ["the end of an archive", { "TRAILER!!!": "" }, /mark of the end/],
    ["a long path", { ["a/".repeat(3_000) + "b"]: "" }, /longer than 4095 bytes/],
    ["a zero byte", { "a\0b": "" }, /zero byte/],
    [
      "no file of the host",
      { init: { file: "/no/such" } },
      /\/init of the initramfs is to be \/no\/such, which cannot be read/,
    ],
    ["a folder of the host", { init: { file: "/tmp" } }, /is to be \/tmp, which is no file/],
    ["an empty link", { init: { link: "" } }, /a link to ""/],
    ["a mode that is none", { init: { content: "", mode: 0o10000 } }, /mode 4096/],
    ["a device without numbers", { n: { major: -1, minor: 0 } }, /device without numbers/],
    ["nothing", { init: undefined }, /neither text, bytes/],
    ["something else", { init: { text: "" } }, /has none of content, file/],
  ])("%s", async (_what, files, message) => {
    const failure = await buildInitramfs({ files: files as Record<string, InitramfsFile> }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      kind: "usage",
      code: expect.stringMatching(/^INITRAMFS_/),
      message: expect.stringMatching(message),
    });
  });
});

test("a name of a folder's file that is not UTF-8 is refused for what it is", async () => {
  const inner = mkdtempSync(join(folder, "names-"));
  for (const name of ["Ü", "a\nb"]) writeFileSync(join(inner, name), "");
  expect([...(await folderFiles(inner)).keys()]).toEqual(["a\nb", "Ü"]);
  writeFileSync(Buffer.concat([Buffer.from(join(inner, "caf")), Buffer.from([0xe9])]), "");
  await expect(folderFiles(inner)).rejects.toThrow(/caf\ufffd, whose name is not UTF-8\./);
});

test("a link of a folder to a path that is not UTF-8 is refused, unless it becomes a disk", async () => {
  const inner = mkdtempSync(join(folder, "links-"));
  symlinkSync("Ü", join(inner, "text"));
  expect((await folderFiles(inner)).get("text")).toEqual({ link: "Ü" });
  symlinkSync(Buffer.from([0x63, 0x61, 0x66, 0xe9]), join(inner, "bytes"));
  await expect(folderFiles(inner)).rejects.toThrow(/bytes, a link to a path that is not UTF-8\./);
  expect([...(await folderFiles(inner, "a disk")).keys()]).toEqual(["bytes", "text"]);
});
