import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { ApkError, ApkRefusal } from "../apk-error.js";
import { buildApk } from "../build-apk.js";
import { bytesSource } from "../byte-source.js";
import { verifyIdsig } from "../idsig/verify.js";
import { verifyV2, verifyV3 } from "../signing/verify/verify.js";
import { throwAwayKey } from "../signing/signing-key.js";
import { signApk } from "../signing/sign-apk.js";
import { everySpoiledFile, type SpoiledPair } from "../testing/every-spoiled-file.js";
import { fixture, otherTestKey, testKey } from "../testing/fixtures.js";
import { openZip } from "../zip/zip.js";
import { flipEntryByte, flipSignerByte } from "./spoil-apk.js";
import { swapRoot } from "./spoil-idsig.js";
import { createIdsig } from "../idsig/create.js";

/** What apksigner says where we say this. It looks for an unsigned APK's reason no further than its target SDK. */
const APKSIGNER_WORDS: Partial<Record<ApkRefusal, RegExp>> = {
  DIGEST_MISMATCH: /digest mismatch/,
  NO_SIGNING_BLOCK: /not signed with this or a later signature scheme/,
  SIGNING_BLOCK_SIZES_DIFFER: /not signed with this or a later signature scheme/,
  NOT_A_ZIP: /End of Central Directory record not found/,
  TRUNCATED_CENTRAL_DIRECTORY: /Central Directory overlaps with End of Central Directory/,
  SIGNATURE_INVALID: /signature over signed-data did not verify|v4 scheme .*: false/,
  NO_CERTIFICATE: /No certificates/,
  PUBLIC_KEY_MISMATCH: /Public key mismatch between certificate and signature record/,
  ALGORITHMS_DIFFER: /Signature algorithms mismatch/,
  SDK_RANGE_DIFFERS: /minSdkVersion mismatch/,
  // apksigner does know DSA, and finds that the key is none.
  NO_SUPPORTED_ALGORITHM: /Malformed public key/,
  TREE_MISMATCH: /v4 scheme .*: false/,
  APK_DIGEST_MISMATCH: /v4 scheme .*: false/,
  UNSUPPORTED_IDSIG: /Invalid signature version/,
};

const judged = JSON.parse(fixture("golden/refusals.json").toString()) as Readonly<
  Record<string, { readonly sha256: string; readonly apksigner: readonly string[] }>
>;

describe("corrupt files", () => {
  let pairs: ReadonlyMap<string, SpoiledPair>;

  beforeAll(async () => {
    const apk = fixture("MicrodroidTestApp.apk");
    const all = await everySpoiledFile(apk, fixture("MicrodroidTestApp.apk.idsig"), testKey(), otherTestKey());
    pairs = new Map(all.map((pair) => [pair.name, pair]));
  });

  test("apksigner has judged each of them, in these bytes", () => {
    const ours = Array.from(pairs, ([name, { apk, idsig }]) => [
      name,
      createHash("sha256").update(apk).update(idsig).digest("hex"),
    ]);
    expect(ours).toEqual(Object.entries(judged).map(([name, { sha256 }]) => [name, sha256]));
  });

  test.each(Object.keys(judged))("%s: refused as told, and as by apksigner", async (name) => {
    const pair = pairs.get(name)!;
    const refusal = await refusalOf(pair);
    expect(refusal).toBe(pair.refusal);
    const theirs = judged[name]!.apksigner.join("\n");
    // apksigner checks neither the length of the tree nor, beside an APK that holds, the idsig of an earlier one.
    const unchecked = refusal === undefined || refusal === "TRUNCATED";
    expect(theirs).toMatch(unchecked ? /^/ : APKSIGNER_WORDS[refusal]!);
  });
});

test("a flipped byte in an EC key leaves no point on the curve, or another key", async () => {
  const apk = await signApk(fixture("MicrodroidTestApp.apk"), { key: throwAwayKey("ec") });
  const { bytes } = await flipSignerByte(apk, "v3", "public key");
  await expect(verifyV3(bytesSource(bytes), 35)).rejects.toMatchObject({
    code: expect.stringMatching(/^(BAD_PUBLIC_KEY|SIGNATURE_INVALID)$/),
  });
});

test("a swapped root in an unsigned idsig is seen by hashing the APK", async () => {
  const apk = bytesSource(fixture("MicrodroidTestApp.apk"));
  const { bytes, refusal } = swapRoot(await createIdsig(apk, { dialect: 15 }));
  await expect(verifyIdsig(apk, bytesSource(bytes))).rejects.toMatchObject({ code: refusal });
  expect(refusal).toBe("ROOT_HASH_MISMATCH");
});

async function refusalOf({ apk, idsig, spoiled }: SpoiledPair): Promise<ApkRefusal | undefined> {
  const source = bytesSource(apk);
  try {
    if (spoiled === "idsig") await verifyIdsig(source, bytesSource(idsig));
    else {
      await openZip(source);
      await verifyV3(source, 35);
      await verifyV2(source);
    }
    return undefined;
  } catch (error) {
    return (error as ApkError).code;
  }
}

test("an entry without content has no byte to flip", async () => {
  const files = new Map([
    ["AndroidManifest.xml", Buffer.from('<manifest package="com.a"/>')],
    ["assets/empty", Buffer.alloc(0)],
  ]);
  const apk = await buildApk(files);
  await expect(flipEntryByte(apk, "assets/empty")).rejects.toMatchObject({
    code: "BAD_VALUE",
    shortMessage: expect.stringMatching(/^"assets\/empty" is empty/),
  });
});
