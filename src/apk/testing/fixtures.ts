/** Files of fixtures/, for tests. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadSigningKey, type SigningKey } from "../signing/signing-key.js";

export function fixture(name: string): Buffer {
  return readFileSync(join(__dirname, "../../../fixtures", name));
}

/** The key that signs the test APK. */
export function testKey(): SigningKey {
  return loadSigningKey(fixture("test-key.pk8"), { certificate: fixture("test-key.x509.pem") });
}

export function otherTestKey(): SigningKey {
  return loadSigningKey(fixture("golden/other-test-key.pk8"));
}
