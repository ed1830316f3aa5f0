import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileC, PARSER_SOURCES, type CProgram } from "../testing/c-program.js";
import { crc32Of, zipSample } from "../testing/zip-sample.js";

let parsers: CProgram;
beforeAll(async () => {
  parsers = await compileC("parsers", PARSER_SOURCES);
}, 60_000);
afterAll(() => parsers.close());

const zip = async (archive: Uint8Array): Promise<readonly string[]> =>
  parsers.run(["zip", await parsers.file(archive)]);
const sum = (content: Uint8Array): string => crc32Of(content).toString(16).padStart(8, "0");
const sorted = async (archive: Uint8Array): Promise<readonly string[]> => [...(await zip(archive))].sort();

describe("an APK's archive", () => {
  test("serves stored and deflated files of every kind of content", async () => {
    const contents = {
      empty: Buffer.alloc(0),
      text: Buffer.from("to be or not to be, that is the question. ".repeat(500)),
      run: Buffer.alloc(100_000, 0x61),
      noise: randomBytes(70_000),
    };
    const names = Object.entries(contents).flatMap(([name, content]) => [
      { name: `a/stored/${name}`, content },
      { name: `a/deflated/${name}`, content, deflated: true },
    ]);
    const files = names.map(({ name, content }) => `${name} ${content.length} ${sum(content)}`);
    const expected = [...files, "a/", "a/deflated/", "a/stored/", "left out 0"];
    expect(await sorted(zipSample(names))).toEqual(expected.sort());
  });

  test("is found behind a comment, and may name its folders", async () => {
    const archive = zipSample([{ name: "a/" }, { name: "a/b", content: Buffer.from("x") }], "a comment PK\x05\x06");
    expect(await sorted(archive)).toEqual(["a/", `a/b 1 ${sum(Buffer.from("x"))}`, "left out 0"].sort());
  });

  test("names that lead out of it are left out, the others stay", async () => {
    const bad = ["/etc/passwd", "../x", "a/../../x", "a//b", "./x", "a/./b", "..", "x/..", "nul\0name", ""];
    const lines = await sorted(zipSample([...bad.map((name) => ({ name })), { name: "good..name" }]));
    expect(lines).toEqual(["good..name 0 00000000", `left out ${bad.length}`]);
  });

  test.each([
    ["the same file twice", [{ name: "a" }, { name: "a" }], "the same name twice"],
    ["a file that is also a folder", [{ name: "a" }, { name: "a/b" }], "the same name twice"],
    ["an encrypted entry", [{ name: "a", flags: 1 }], "an encrypted entry"],
    ["another compression", [{ name: "a", method: 12 }], "an unknown compression method"],
    ["a stored entry of two sizes", [{ name: "a", size: 5 }], "a stored entry of two sizes"],
  ])("%s is refused", async (_what, entries, error) => {
    expect(await zip(zipSample(entries))).toEqual([`refused: ${error}`]);
  });

  test.each([
    ["a wrong sum", { crc: 1 }],
    ["a wrong size", { size: 3 }],
    ["a huge size", { size: 0xfffffff0 }],
    ["a stream that is none", { packed: Buffer.from([7, 7, 7, 7]) }],
    ["a cut stream", { packed: Buffer.from([0x4b]) }],
    ["a distance before the start", { packed: Buffer.from([0x4b, 0x04, 0xa2, 0x00]) }],
  ])("a deflated file with %s cannot be opened", async (_what, spoilt) => {
    const lines = await zip(zipSample([{ name: "a", content: Buffer.from("hello"), deflated: true, ...spoilt }]));
    expect(lines).toContain("a broken");
  });

  test("cut and scrambled archives are refused or read, but never crash the reader", async () => {
    const archive = zipSample([{ name: "a/b", content: Buffer.alloc(200, 1), deflated: true }, { name: "c" }]);
    for (let cut = 0; cut < archive.length; cut += 7) {
      expect(await zip(archive.subarray(0, cut))).toEqual([expect.stringMatching(/^refused: /)]);
    }
    for (let at = 0; at < archive.length; at += 3) {
      const spoilt = Buffer.from(archive);
      spoilt.writeUInt8(spoilt.readUInt8(at) ^ 0xff, at);
      await expect(zip(spoilt)).resolves.toBeDefined();
    }
  }, 60_000);
});
