import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileC, PARSER_SOURCES, type CProgram } from "../../testing/c-program.js";
import { crc32Of, zipSample } from "../../testing/zip-sample.js";

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
    const files = names.map(({ name, content }) => `${name} 440 ${content.length} ${sum(content)}`);
    const expected = [...files, "a/ 550", "a/deflated/ 550", "a/stored/ 550", "left out 0"];
    expect(await sorted(zipSample(names))).toEqual(expected.sort());
  });

  test("is found before a comment, and may name its folders", async () => {
    const archive = zipSample([{ name: "a/" }, { name: "a/b", content: Buffer.from("x") }], "a comment PK\x05\x06");
    expect(await sorted(archive)).toEqual(["a/ 550", `a/b 440 1 ${sum(Buffer.from("x"))}`, "left out 0"].sort());
  });

  test("names that lead out of it are left out, the others stay", async () => {
    const bad = ["/etc/passwd", "../x", "a/../../x", "a//b", "./x", "a/./b", "..", "x/..", "nul\0name", ""];
    const lines = await sorted(zipSample([...bad.map((name) => ({ name })), { name: "good..name" }]));
    expect(lines).toEqual(["good..name 440 0 00000000", `left out ${bad.length}`]);
  });

  test("has the modes of zipfuse: those it names, and what that gives to the others", async () => {
    const unix = (mode: number): object => ({ madeBy: 3, externalAttributes: mode * 2 ** 16 });
    const dos = (externalAttributes: number): object => ({ madeBy: 0, externalAttributes });
    const archive = zipSample([
      ...[{ name: "bin/run" }, { name: "lib/bin/x" }, { name: "binary" }],
      ...[
        { name: "u/", ...unix(0o40_711) },
        { name: "u/file", ...unix(0o100_755) },
        { name: "u/none", ...unix(0) },
      ],
      ...[{ name: "d/late" }, { name: "d/", ...dos(0x10) }, { name: "d/plain", ...dos(0x20) }],
      ...[
        { name: "d/fixed", ...dos(0x21) },
        { name: "vms", madeBy: 2, externalAttributes: 0o777 * 2 ** 16 },
      ],
    ]);
    const modes = (await zip(archive)).map((line) => line.split(" ").slice(0, 2).join(" ")).sort();
    const expected = [
      ...["bin/ 550", "bin/run 550", "binary 440", "lib/ 550", "lib/bin/ 550", "lib/bin/x 440", "left out"],
      ...["u/ 711", "u/file 755", "u/none 440", "d/ 775", "d/late 440", "d/plain 664", "d/fixed 444", "vms 440"],
    ];
    expect(modes).toEqual(expected.sort());
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

  test("truncated and corrupt archives are refused or read, but never crash the reader", async () => {
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
