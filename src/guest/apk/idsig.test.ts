import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { packageRoot } from "../../base/paths.js";
import { compileC, VERIFIED_SOURCES, type CProgram } from "../testing/c-program.js";
import { zipSample } from "../testing/zip-sample.js";

const apk = readFileSync(join(packageRoot, "fixtures/MicrodroidTestApp.apk"));
/** Written by Android's own apksigner. */
const idsig = readFileSync(join(packageRoot, "fixtures/MicrodroidTestApp.apk.idsig"));

let verified: CProgram;
beforeAll(async () => {
  verified = await compileC("verified", VERIFIED_SOURCES);
}, 60_000);
afterAll(() => verified.close());

const readIdsig = async (content: Uint8Array, apkBytes = apk.length): Promise<readonly string[]> =>
  verified.run(["idsig", await verified.file(content), String(apkBytes)]);
const readSignature = async (content: Uint8Array, sdk = 35): Promise<readonly string[]> =>
  verified.run(["signature", await verified.file(content), String(sdk)]);

/** Root of the hash tree, by its definition. */
function rootHash(content: Uint8Array): string {
  const sha256 = (data: Uint8Array): Buffer => createHash("sha256").update(data).digest();
  const blocks = Array.from({ length: Math.ceil(content.length / 4096) }, (_, index) => {
    const block = Buffer.alloc(4096);
    block.set(content.subarray(index * 4096, index * 4096 + 4096));
    return sha256(block);
  });
  const [first] = blocks;
  return blocks.length === 1 && first ? first.toString("hex") : rootHash(Buffer.concat(blocks));
}

function spoilt(content: Buffer, at: number): Buffer {
  const copy = Buffer.from(content);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

describe("an idsig of apksigner", () => {
  test("gives root hash, digest and place of the tree", async () => {
    const signature = await readSignature(apk);
    const [root, digest, tree] = await readIdsig(idsig);
    expect(root).toBe(`root ${rootHash(apk)}`);
    expect(signature).toContain(digest);
    const [, size = 0, offset = 0] = (/^tree (\d+) at (\d+)$/.exec(tree ?? "") ?? []).map(Number);
    expect(offset + size).toBe(idsig.length);
    // The top of the tree, which its root hash is the hash of.
    expect(
      `root ${createHash("sha256")
        .update(idsig.subarray(offset, offset + 4096))
        .digest("hex")}`,
    ).toBe(root);
  });

  test("is refused when it is cut, of another version, or made for an APK of another size", async () => {
    expect(await readIdsig(idsig.subarray(0, -1))).toEqual(["refused: the hash tree of the idsig is cut"]);
    expect(await readIdsig(idsig.subarray(0, 100))).toEqual(["refused: the idsig is too short"]);
    expect(await readIdsig(Buffer.alloc(0))).toEqual(["refused: the idsig is too short"]);
    expect(await readIdsig(spoilt(idsig, 0))).toEqual(["refused: the idsig has an unknown version"]);
    expect(await readIdsig(idsig, 100 * apk.length)).toEqual([
      "refused: the hash tree of the idsig is not of this APK's size",
    ]);
  });

  test("no change of its head crashes the reader", async () => {
    for (let at = 0; at < 120; at++) await expect(readIdsig(spoilt(idsig, at))).resolves.toBeDefined();
  }, 30_000);
});

describe("an APK's own signature", () => {
  test("names the digest of the content, and the signer", async () => {
    expect(await readSignature(apk)).toEqual([
      expect.stringMatching(/^algorithm 0103$/),
      expect.stringMatching(/^digest [0-9a-f]{64}$/),
      expect.stringMatching(/^signer [0-9a-f]{128}$/),
      "content fits",
    ]);
  });

  test.each([
    ["the first entry", 40],
    ["the directory", -100],
  ])("does not fit when a byte of %s was changed", async (_what, at) => {
    expect(await readSignature(spoilt(apk, at < 0 ? apk.length + at : at))).toContain("refused: Digest mismatch");
  });

  test("is missing in a plain archive", async () => {
    expect(await readSignature(zipSample([{ name: "a", content: Buffer.alloc(5000) }]))).toEqual([
      "refused: No APK Signing Block before ZIP Central Directory",
    ]);
  });

  test("holds for the SDK levels that it names", async () => {
    expect(await readSignature(apk, 20)).toEqual(["refused: the APK has no v3 signer for this release"]);
  });

  test("no change of the signing block crashes the reader", async () => {
    const start = apk.indexOf("APK Sig Block 42") + 16;
    for (let at = start - 4200; at < start; at += 101) {
      await expect(readSignature(spoilt(apk, Math.max(at, 0)))).resolves.toBeDefined();
    }
  }, 60_000);
});
