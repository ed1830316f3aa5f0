/** The APK whose payload prints what it sees, unchanged or with one thing changed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buildApk, bytesSource, loadSigningKey, openZip, type SigningKey } from "jest-avf/apk";

const FIXTURES = join(__dirname, "../../../fixtures");
/** Entry with many blocks, which only the payload reads. */
export const BLOCKS = "assets/blocks.bin";
export const BLOCKS_BYTES = 128 * 4096;

export interface ApkChanges {
  /** In the manifest. Default: 2. */
  readonly versionCode?: number;
  readonly packageName?: string;
  /** Default: the fixtures' test key. */
  readonly key?: SigningKey;
  /** Entries that are new, or have another content. */
  readonly entries?: Readonly<Record<string, Uint8Array>>;
}

export async function testKey(): Promise<SigningKey> {
  const certificate = await readFile(join(FIXTURES, "test-key.x509.pem"));
  return loadSigningKey(await readFile(join(FIXTURES, "test-key.pk8")), { certificate });
}

/** Another key than the test key. */
export async function otherKey(): Promise<SigningKey> {
  return loadSigningKey(await readFile(join(FIXTURES, "golden/other-test-key.pk8")));
}

/** Without the libraries of other ABIs than the device's there is less to push and to verify. */
export async function payloadApk(changes: ApkChanges = {}): Promise<Buffer> {
  const { versionCode = 2, packageName = "com.android.microdroid.test.payload" } = changes;
  const zip = await openZip(bytesSource(await readFile(join(FIXTURES, "PayloadTestApp.apk"))));
  const files = new Map<string, Uint8Array>();
  for (const name of zip.entries.keys()) files.set(name, await zip.read(name));
  const manifest = await readFile(join(FIXTURES, "PayloadTestApp/AndroidManifest.xml"), "utf8");
  files.set(
    "AndroidManifest.xml",
    Buffer.from(
      manifest
        .replace('versionCode="2"', `versionCode="${versionCode}"`)
        .replace('package="com.android.microdroid.test.payload"', `package="${packageName}"`),
    ),
  );
  for (const [name, content] of Object.entries(changes.entries ?? {})) files.set(name, content);
  return buildApk(files, { key: changes.key ?? (await testKey()) });
}

/** Content that does not repeat, so that no block of it is like another. */
export function manyBlocks(): Buffer {
  const content = Buffer.alloc(BLOCKS_BYTES);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  return content;
}
