import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { bytesSource } from "../byte-source.js";
import { createIdsig } from "../idsig/create.js";
import { fixture, testKey } from "../testing/fixtures.js";
import { signApk, type SignApkOptions } from "./sign-apk.js";
import { loadSigningKey, throwAwayKey } from "./signing-key.js";
import { verifyV3 } from "./verify/verify.js";

const isInstalled = (() => {
  try {
    execFileSync("apksigner", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
/** Where Android's own tool is installed (Debian: apksigner), it judges what we sign. */
const describeWithApksigner = isInstalled ? describe : describe.skip;

const ec = (namedCurve: string, algorithmId?: number) =>
  loadSigningKey(generateKeyPairSync("ec", { namedCurve }).privateKey, { algorithmId });
const rsa = (modulusLength: number, algorithmId?: number) =>
  loadSigningKey(generateKeyPairSync("rsa", { modulusLength }).privateKey, { algorithmId });

// RSA-PSS is missing: the Java of a desktop does not know Android's name for it.
describeWithApksigner("apksigner verifies what we sign (needs apksigner)", () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "avf-apksigner-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const judge = async (options: SignApkOptions, { minSdk = 24, maxSdk = 40 } = {}): Promise<readonly string[]> => {
    const apk = await signApk(fixture("MicrodroidTestApp.apk"), options);
    const path = join(folder, "signed.apk");
    writeFileSync(path, apk);
    const sdk = ["--min-sdk-version", String(minSdk), "--max-sdk-version", String(maxSdk)];
    writeFileSync(`${path}.idsig`, await createIdsig(bytesSource(apk), { dialect: 15, key: options.key, sdk: 32 }));
    const args = ["verify", "-v", ...sdk, "--v4-signature-file", `${path}.idsig`, path];
    return execFileSync("apksigner", args, { encoding: "utf8" }).match(/(?<=Verified using )v\d(?=.*: true)/g) ?? [];
  };

  test.each([
    ["RSA 1024", () => rsa(1024)],
    ["RSA 4096, SHA-512", () => rsa(4096)],
    ["P-256", () => ec("prime256v1")],
    ["P-256 with SHA-512", () => ec("prime256v1", 0x0202)],
    ["P-384", () => ec("secp384r1")],
    ["P-521 with SHA-256", () => ec("secp521r1", 0x0201)],
  ])(
    "%s: v2, v3 and the idsig",
    async (_, makeKey) => {
      const key = makeKey();
      expect(await judge({ key })).toEqual(["v2", "v3", "v4"]);
      const apk = bytesSource(await signApk(fixture("MicrodroidTestApp.apk"), { key }));
      expect((await verifyV3(apk, 35)).signers[0]?.algorithm).toEqual(key.algorithm);
    },
    60_000,
  );

  test("a verity digest, which Android knows since SDK 28", async () => {
    expect(await judge({ key: rsa(2048, 0x0421) }, { minSdk: 28 })).toEqual(["v3", "v4"]);
  }, 60_000);

  // apksigner 31 knows nothing of v3.1, and verifies the rest.
  test("a rotated key, below SDK 33", async () => {
    const rotation = { key: throwAwayKey() };
    expect(await judge({ key: testKey(), rotation }, { maxSdk: 32 })).toEqual(["v2", "v3", "v4"]);
  }, 60_000);
});
