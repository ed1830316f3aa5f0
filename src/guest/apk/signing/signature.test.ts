import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadSigningKey, signApk, throwAwayKey } from "../../../apk/index.js";
import { bytesSource } from "../../../apk/byte-source.js";
import { strongest } from "../../../apk/signing/algorithms.js";
import { findSigningBlock } from "../../../apk/signing/signing-block.js";
import { signersOf } from "../../../apk/signing/verify/choose-signers.js";
import { everySpoiledFile } from "../../../apk/testing/every-spoiled-file.js";
import { fixture, otherTestKey, testKey } from "../../../apk/testing/fixtures.js";
import { packageRoot } from "../../../base/paths.js";
import { compileC, VERIFIED_SOURCES, type CProgram } from "../../testing/c-program.js";

const golden = (name: string): Buffer => readFileSync(join(packageRoot, "fixtures/golden", `${name}.apk`));

let verified: CProgram;
beforeAll(async () => {
  verified = await compileC("verified", VERIFIED_SOURCES);
}, 60_000);
afterAll(() => verified.close());

const verify = async (apk: Uint8Array): Promise<string> =>
  (await verified.run(["signature", await verified.file(apk, "apk"), "35"])).at(-1) ?? "";

/** The APK with one bit of its v3 signature's value changed, at each of a few places. */
async function forged(apk: Uint8Array): Promise<readonly Buffer[]> {
  const places = [0, 1, 5, 0.5, -1];
  return Promise.all(
    places.map(async (place) => {
      const copy = Buffer.from(apk);
      const [signer] = signersOf(await findSigningBlock(bytesSource(copy)), "v3");
      // A view of the copy.
      const value = strongest(signer!.signatures)!.bytes;
      const at = place === 0.5 ? value.length >> 1 : (place + value.length) % value.length;
      value.writeUInt8(value.readUInt8(at) ^ 0x01, at);
      return copy;
    }),
  );
}

describe("a v3 signature by apksigner", () => {
  test.each([
    ...["rsa-1024", "rsa-2048", "rsa-4096", "ec-p256", "ec-p384", "ec-p521"],
    ...["verity-rsa-2048", "verity-ec-p256", "rotated"],
  ])("%s holds, and does not once a bit of it is changed", async (name) => {
    const apk = golden(name);
    expect(await verify(apk)).toBe("content fits");
    for (const copy of await forged(apk)) expect(await verify(copy)).toBe("refused: Signature is invalid.");
  });

  test("is refused with DSA, and missing in an APK of scheme v2", async () => {
    expect(await verify(golden("dsa-2048"))).toBe("refused: No supported APK signatures found; DSA is not supported");
    expect(await verify(golden("v2-only"))).toBe("refused: the APK has no signature of APK Signature Scheme v3");
  });
});

describe("a v3 signature by our own workshop", () => {
  const apk = fixture("MicrodroidTestApp.apk");

  test.each([0x0101, 0x0102, 0x0104])("with RSA and algorithm %s holds", async (algorithmId) => {
    const key = loadSigningKey(fixture("test-key.pk8"), { algorithmId });
    const signed = await signApk(apk, { key });
    expect(await verify(signed)).toBe("content fits");
    for (const copy of await forged(signed)) expect(await verify(copy)).toBe("refused: Signature is invalid.");
  });

  test("with ECDSA holds, whichever the key and the signature", async () => {
    // Each signature has numbers of its own; short ones and those with a leading zero come up among some.
    for (let round = 0; round < 20; round++) {
      const algorithmId = round % 2 ? 0x0201 : 0x0202;
      const { privateKey } = throwAwayKey("ec");
      const key = loadSigningKey(privateKey.export({ type: "pkcs8", format: "der" }), { algorithmId });
      expect(await verify(await signApk(apk, { key }))).toBe("content fits");
    }
  }, 60_000);
});

test("an APK that our signer corrupts is refused, and one that it leaves intact is not", async () => {
  const apk = fixture("MicrodroidTestApp.apk");
  const pairs = await everySpoiledFile(apk, fixture("MicrodroidTestApp.apk.idsig"), testKey(), otherTestKey());
  const answers = [];
  for (const pair of pairs.filter(({ spoiled }) => spoiled === "apk")) {
    const device = pair.device.runAnew ?? pair.device.run;
    answers.push({ name: pair.name, ends: (await verify(pair.apk)) === "content fits" ? "runs" : device });
    expect(answers.at(-1)).toEqual({ name: pair.name, ends: device });
  }
  expect(answers.length).toBeGreaterThan(15);
});
