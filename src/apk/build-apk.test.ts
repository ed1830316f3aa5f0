import { describe, expect, test } from "@jest/globals";
import { buildApk } from "./build-apk.js";
import { bytesSource } from "./byte-source.js";
import { inspectApk } from "./inspect-apk.js";
import { readManifest } from "./manifest/manifest.js";
import { nativeLibraries, payloadConfigs } from "./native-libraries.js";
import { createIdsig, writeIdsig } from "./idsig/create.js";
import { verifyIdsig } from "./idsig/verify.js";
import { signApk } from "./signing/sign-apk.js";
import { loadSigningKey, throwAwayKey } from "./signing/signing-key.js";
import { apkDigest, verifyApk, verifyV3 } from "./signing/verify/verify.js";
import { fixture, testKey } from "./testing/fixtures.js";
import { openZip } from "./zip/zip.js";

const text = fixture("MicrodroidTestApp/AndroidManifest.xml");

describe("the test APK", () => {
  const source = bytesSource(fixture("MicrodroidTestApp.apk"));

  test("is what the builder makes of its entries, byte for byte", async () => {
    const zip = await openZip(source);
    const files = new Map<string, Uint8Array>([["AndroidManifest.xml", text]]);
    for (const name of zip.entries.keys()) if (!files.has(name)) files.set(name, await zip.read(name));
    expect((await buildApk(files, { key: testKey() })).equals(fixture("MicrodroidTestApp.apk"))).toBe(true);
  });

  test("has its libraries for both ABIs, each on a page of 16 KiB", async () => {
    const zip = await openZip(source);
    const files = ["MicrodroidTestExitPayload.so", "MicrodroidTestPayload.so"];
    expect(Object.fromEntries(nativeLibraries(zip))).toEqual({ "arm64-v8a": files, x86_64: files });
    for (const name of zip.entries.keys()) {
      const { offset, length } = await zip.locate(name);
      expect(offset % (name.startsWith("lib/") ? 16384 : 4)).toBe(0);
      // Stored: a device maps libraries straight from the APK.
      expect(length).toBe(zip.entries.get(name)?.size);
    }
  });

  test("has two payload configs that name its libraries", async () => {
    const configs = await payloadConfigs(await openZip(source));
    expect(configs.map(({ path, config }) => [path, config.task?.command, config.task?.args])).toEqual([
      ["assets/vm_config.json", "MicrodroidTestPayload.so", ["arg1", "arg2"]],
      ["assets/vm_config_exit.json", "MicrodroidTestExitPayload.so", ["arg1", "arg2"]],
    ]);
  });

  test("is reported whole", async () => {
    const report = await inspectApk(source);
    expect(report.manifest?.packageName).toBe("com.android.microdroid.test");
    expect(report.signatures.map(({ scheme, verified }) => [scheme, verified])).toEqual([
      ["v2", true],
      ["v3", true],
    ]);
    expect(report.signatures[1]?.signers[0]?.subject).toContain("do not trust");
  });
});

describe("building", () => {
  test("a throw-away key signs something Android takes", async () => {
    const apk = bytesSource(await buildApk(new Map([["AndroidManifest.xml", text]]), { key: throwAwayKey() }));
    expect((await verifyV3(apk, 35)).signers).toHaveLength(1);
  });

  test("assets are deflated when asked for, libraries never", async () => {
    const files = new Map<string, Uint8Array>([
      ["AndroidManifest.xml", text],
      ["assets/zeros", Buffer.alloc(10_000)],
      ["lib/x86_64/zeros.so", Buffer.alloc(10_000)],
    ]);
    const zip = await openZip(bytesSource(await buildApk(files, { key: testKey(), compress: true })));
    expect([...zip.entries.values()].map(({ name, method }) => [name, method])).toEqual([
      ["AndroidManifest.xml", 8],
      ["assets/zeros", 8],
      ["lib/x86_64/zeros.so", 0],
    ]);
    expect(await zip.read("assets/zeros")).toEqual(Buffer.alloc(10_000));
  });

  test("a binary manifest is taken as it is", async () => {
    const binary = fixture("golden/manifest-by-aapt.bin");
    const zip = await openZip(
      bytesSource(await buildApk(new Map([["AndroidManifest.xml", binary]]), { key: testKey() })),
    );
    expect(readManifest(await zip.read("AndroidManifest.xml")).packageName).toBe("com.example.golden");
  });

  test("no manifest, or a name that leaves the folder: refused", async () => {
    await expect(buildApk(new Map(), { key: testKey() })).rejects.toMatchObject({ code: "BAD_SOURCE_FOLDER" });
    const files = new Map<string, Uint8Array>([
      ["AndroidManifest.xml", text],
      ["../escape", Buffer.alloc(1)],
    ]);
    await expect(buildApk(files, { key: testKey() })).rejects.toMatchObject({ code: "UNSAFE_ENTRY_NAME" });
  });
});

test("what takes options needs none, in JavaScript either", async () => {
  const built = await buildApk(new Map([["AndroidManifest.xml", text]]));
  const source = bytesSource(built);
  expect((await verifyV3(source)).signers).toHaveLength(1);
  expect((await verifyApk(source)).scheme).toBe("v3");
  expect((await apkDigest(source)).digest.equals((await verifyV3(source)).signers[0]!.digest)).toBe(true);
  expect((await createIdsig(source)).equals(await createIdsig(source, { dialect: 15, sdk: 35 }))).toBe(true);
  let bytes = Buffer.alloc(0);
  const sink = { write: (at: number, piece: Uint8Array) => void bytes.set(piece, at) };
  await writeIdsig(source, sink, undefined, (size) => (bytes = Buffer.alloc(size)));
  expect((await verifyIdsig(source, bytesSource(bytes))).signature).toBe("absent");
  expect((await verifyV3(bytesSource(await signApk(built)))).signers).toHaveLength(1);
  expect(throwAwayKey().algorithm.key).toBe("ec");
  expect(loadSigningKey(throwAwayKey().privateKey).algorithm.key).toBe("ec");
});
