import { createCipheriv, createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { buildApk } from "../build-apk.js";
import { bytesSource } from "../byte-source.js";
import { signApk } from "../signing/sign-apk.js";
import { flipEntryByte } from "../spoil/spoil-apk.js";
import { fixture, testKey } from "../testing/fixtures.js";
import { createIdsig } from "./create.js";
import { parseIdsig, parseIdsigHeader, serializeIdsig } from "./idsig.js";
import { MerkleTreeBuilder } from "./merkle-tree.js";
import { verifyIdsig } from "./verify.js";

const SIGNED = ["rsa-1024", "rsa-2048", "rsa-4096", "ec-p256", "ec-p384", "ec-p521"];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The content of make.sh: one mebibyte over and over. */
function content(size: number): Buffer {
  const key = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  const mebibyte = createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(1 << 20));
  return Buffer.alloc(size, mebibyte);
}

describe("idsigs that apksigner made", () => {
  test.each([...SIGNED, "v2-only", "verity-rsa-2048", "verity-ec-p256"])("%s is verified", async (name) => {
    const apk = bytesSource(fixture(`golden/${name}.apk`));
    const idsig = bytesSource(fixture(`golden/${name}.apk.idsig`));
    expect((await verifyIdsig(apk, idsig)).signature).toBe("valid");
  });

  test.each(SIGNED)("%s is written back byte for byte", (name) => {
    const bytes = fixture(`golden/${name}.apk.idsig`);
    expect(serializeIdsig(parseIdsig(bytes))).toEqual(bytes);
  });

  test.each(SIGNED)("%s has the root, tree and digest that ours has", async (name) => {
    const theirs = parseIdsig(fixture(`golden/${name}.apk.idsig`));
    const ours = parseIdsig(await createIdsig(bytesSource(fixture(`golden/${name}.apk`)), { dialect: 15 }));
    expect(ours.hashingInfo).toEqual(theirs.hashingInfo);
    expect(ours.signingInfo.apkDigest).toEqual(theirs.signingInfo.apkDigest);
    expect(ours.signingInfo.signatureAlgorithmId).toBe(theirs.signingInfo.signatureAlgorithmId);
    expect(ours.tree).toEqual(theirs.tree);
  });

  const sizes = fixture("golden/sizes.txt").toString().trim().split("\n");
  test.each(sizes.map((line) => line.split(" ")))(
    "an asset of %s bytes: ours is theirs",
    async (size, apkSize, hash) => {
      const files = new Map<string, Uint8Array>([
        ["AndroidManifest.xml", fixture("golden/manifest-by-aapt.xml")],
        ["assets/data.bin", content(Number(size))],
      ]);
      const apk = await buildApk(files, { key: testKey() });
      expect([apk.length, sha256(apk)]).toEqual([Number(apkSize), hash]);
      const ours = await createIdsig(bytesSource(apk), { dialect: 15, key: testKey() });
      // Compared by hash: a mismatch of megabytes would be printed whole.
      const theirs = gunzipSync(fixture(`golden/asset-${size}.idsig.gz`));
      expect([ours.length, sha256(ours)]).toEqual([theirs.length, sha256(theirs)]);
    },
  );
});

describe("trees that fsverity made", () => {
  const lines = fixture("golden/fsverity.txt").toString().trim().split("\n");
  test.each(lines.map((line) => line.split(" ")))("%s bytes, salt %s", (size, saltHex = "", digest, treeHash) => {
    const salt = Buffer.from(saltHex === "-" ? "" : saltHex, "hex");
    const { rootHash, tree } = buildInMemory(content(Number(size)), salt);
    expect(sha256(tree)).toBe(treeHash);
    expect(sha256(descriptor(Number(size), salt, rootHash))).toBe(digest);
  });

  function buildInMemory(file: Buffer, salt: Buffer) {
    const pieces: [number, Buffer][] = [];
    const builder = new MerkleTreeBuilder(file.length, {
      salt,
      sink: (offset, bytes) => void pieces.push([offset, Buffer.from(bytes)]),
    });
    // Pieces that end inside blocks.
    for (let at = 0; at < file.length; at += 10_007) builder.update(file.subarray(at, at + 10_007));
    const { rootHash } = builder.finish();
    const tree = Buffer.alloc(builder.layout.treeSize);
    for (const [offset, bytes] of pieces) tree.set(bytes, offset);
    return { rootHash, tree };
  }

  /** The kernel's fsverity_descriptor, whose hash is the file digest. */
  function descriptor(size: number, salt: Buffer, rootHash: Buffer): Buffer {
    const bytes = Buffer.alloc(256);
    bytes.set([1, 1, 12, salt.length]);
    bytes.writeBigUInt64LE(BigInt(size), 8);
    bytes.set(rootHash, 16);
    bytes.set(salt, 80);
    return bytes;
  }
});

describe("idsigs as AVF writes them", () => {
  const apk = () => bytesSource(fixture("MicrodroidTestApp.apk"));

  test("release 15: a header of 117 bytes with the digest of v3", async () => {
    const bytes = await createIdsig(apk(), { dialect: 15 });
    const header = parseIdsigHeader(bytes);
    expect(header.treeOffset).toBe(117);
    expect(header.signingInfo.apkDigest).toHaveLength(32);
    expect(header.signingInfo.signatureAlgorithmId).toBe(0x0103);
    expect(header.signingInfo.signature).toHaveLength(0);
    expect((await verifyIdsig(apk(), bytesSource(bytes))).signature).toBe("absent");
  });

  test("release 15: 149 bytes with a digest of 64", async () => {
    const bytes = await createIdsig(bytesSource(fixture("golden/rsa-4096.apk")), { dialect: 15 });
    expect(parseIdsigHeader(bytes).treeOffset).toBe(149);
  });

  test("release 13: 85 bytes, no digest, any file", async () => {
    const bytes = await createIdsig(bytesSource(Buffer.from("not an APK")), { dialect: 13 });
    expect(parseIdsigHeader(bytes)).toMatchObject({ treeOffset: 85, treeSize: 0 });
    expect(bytes).toHaveLength(85);
    expect(parseIdsigHeader(bytes).signingInfo).toMatchObject({ signatureAlgorithmId: 0x0301 });
    expect((await verifyIdsig(bytesSource(Buffer.from("not an APK")), bytesSource(bytes))).signature).toBe("absent");
  });

  test("an empty file has the root of a block of zeros", async () => {
    const bytes = await createIdsig(bytesSource(Buffer.alloc(0)), { dialect: 13 });
    expect(parseIdsig(bytes).hashingInfo.rootHash.toString("hex")).toBe(sha256(Buffer.alloc(4096)));
  });

  test("the idsig of an earlier version is refused by its digest", async () => {
    const idsig = bytesSource(await createIdsig(apk(), { dialect: 15 }));
    const changed = await flipEntryByte(fixture("MicrodroidTestApp.apk"), "assets/vm_config.json");
    const later = bytesSource(await signApk(changed.bytes, { key: testKey() }));
    await expect(verifyIdsig(later, idsig)).rejects.toMatchObject({ code: "APK_DIGEST_MISMATCH" });
  });

  test("the idsig of the same content, signed by another, is refused by its tree", async () => {
    const idsig = bytesSource(await createIdsig(bytesSource(fixture("golden/rsa-2048.apk")), { dialect: 15 }));
    const other = bytesSource(fixture("golden/rsa-1024.apk"));
    await expect(verifyIdsig(other, idsig)).rejects.toMatchObject({ code: "TREE_MISMATCH" });
  });

  test("a signature of another key than the APK's is refused", async () => {
    const apkBytes = fixture("golden/rsa-2048.apk");
    const idsig = await createIdsig(bytesSource(apkBytes), { dialect: 15, key: testKey() });
    await expect(verifyIdsig(bytesSource(apkBytes), bytesSource(idsig))).rejects.toMatchObject({
      code: "SIGNER_MISMATCH",
    });
  });
});
