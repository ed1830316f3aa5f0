import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { bytesSource } from "../../byte-source.js";
import { fixture, otherTestKey, testKey } from "../../testing/fixtures.js";
import { signApk } from "../sign-apk.js";
import { throwAwayKey } from "../signing-key.js";
import { apkDigest, verifyApk, verifyScheme, verifyV2, verifyV3 } from "./verify.js";

const golden = (name: string) => bytesSource(fixture(`golden/${name}.apk`));
const SDK = 35;

describe("APKs that apksigner signed", () => {
  test.each([
    ["rsa-1024", 0x0103],
    ["rsa-2048", 0x0103],
    ["rsa-4096", 0x0104],
    ["ec-p256", 0x0201],
    ["ec-p384", 0x0202],
    ["ec-p521", 0x0202],
    ["verity-rsa-2048", 0x0421],
    ["verity-ec-p256", 0x0423],
  ])("%s holds in v2 and v3", async (name, strongest) => {
    const v3 = await verifyV3(golden(name), SDK);
    const v2 = await verifyV2(golden(name));
    expect(v3.signers.map((signer) => signer.algorithm.id)).toEqual([strongest]);
    expect(v2.signers[0]?.digest).toEqual(v3.signers[0]?.digest);
    expect(new X509Certificate(v3.signers[0]!.certificate).subject).toMatch(/^CN=golden /);
    expect(await apkDigest(golden(name), SDK)).toEqual({ algorithmId: strongest, digest: v3.signers[0]?.digest });
  });

  test("two v2 signers are both verified", async () => {
    const { signers } = await verifyV2(golden("two-signers"));
    expect(signers.map((signer) => signer.algorithm.key)).toEqual(["rsa", "ec"]);
  });

  test("a lineage of three certificates is read", async () => {
    const { signers } = await verifyV3(golden("rotated"), SDK);
    expect(signers[0]?.lineage).toHaveLength(3);
    expect(signers[0]?.lineage.at(-1)).toEqual(signers[0]?.certificate);
  });

  test("DSA is refused", async () => {
    await expect(verifyV3(golden("dsa-2048"), SDK)).rejects.toMatchObject({
      code: "NO_SUPPORTED_ALGORITHM",
      message: expect.stringContaining("No supported APK signatures found; DSA is not supported"),
    });
  });

  test("an APK without v3 is refused as AVF does", async () => {
    await expect(verifyV3(golden("v2-only"), SDK)).rejects.toMatchObject({ code: "NO_SIGNATURE_FOR_SCHEME" });
    await expect(apkDigest(golden("v2-only"), SDK)).rejects.toMatchObject({ code: "NO_SIGNATURE_FOR_SCHEME" });
    expect((await verifyApk(golden("v2-only"), SDK)).scheme).toBe("v2");
  });
});

describe("signing", () => {
  const apk = () => fixture("MicrodroidTestApp.apk");

  test("every kind of key and algorithm verifies again", async () => {
    const keys = [0x0101, 0x0102, 0x0103, 0x0104, 0x0421].map((algorithmId) => throwAwayKey("rsa", { algorithmId }));
    keys.push(...[0x0201, 0x0202, 0x0423].map((algorithmId) => throwAwayKey("ec", { algorithmId })));
    for (const key of keys) {
      const signed = bytesSource(await signApk(apk(), { key }));
      expect((await verifyV3(signed, SDK)).signers[0]?.algorithm).toEqual(key.algorithm);
      expect((await verifyV2(signed)).signers[0]?.certificate).toEqual(key.certificate);
    }
  });

  test("signing again replaces the signature", async () => {
    const once = await signApk(apk(), { key: testKey() });
    expect(once).toEqual(apk());
    const back = await signApk(await signApk(apk(), { key: otherTestKey() }), { key: testKey() });
    expect(back).toEqual(apk());
  });

  test("a rotated key signs for SDK 33 and later, the old one before", async () => {
    const newKey = throwAwayKey();
    const signed = bytesSource(await signApk(apk(), { key: testKey(), rotation: { key: newKey } }));
    const before = await verifyApk(signed, 32);
    const after = await verifyApk(signed, 33);
    expect([before.scheme, before.signers[0]?.certificate]).toEqual(["v3", testKey().certificate]);
    expect([after.scheme, after.signers[0]?.certificate]).toEqual(["v3.1", newKey.certificate]);
    expect(after.signers[0]?.lineage).toEqual([testKey().certificate, newKey.certificate]);
    expect((await verifyScheme(signed, "v3.1")).signers).toHaveLength(1);
    // AVF looks at v3 only, whose range has ended.
    await expect(verifyV3(signed, 35)).rejects.toMatchObject({ code: "WRONG_SIGNER_COUNT" });
  });

  test("the end of a range counts in release 15, not in release 13", async () => {
    const signed = bytesSource(await signApk(apk(), { key: testKey(), sdk: { minSdk: 28, maxSdk: 33 } }));
    expect((await verifyV3(signed, 33)).signers).toHaveLength(1);
    await expect(verifyV3(signed, 33, 13)).rejects.toMatchObject({
      message: expect.stringContaining("APK Signature Scheme V3 only supports one signer: 0 signers found."),
    });
  });

  test("a v3 signature that was cut off does not go unseen", async () => {
    const v2AndV3 = await signApk(apk(), { key: testKey() });
    const id = v2AndV3.indexOf(Buffer.from([0xc0, 0x68, 0x53, 0xf0]));
    v2AndV3.writeUInt32LE(0x42726577, id);
    await expect(verifyV2(bytesSource(v2AndV3))).rejects.toMatchObject({ code: "SIGNATURE_STRIPPED" });
  });
});
