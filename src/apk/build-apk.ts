/** An APK from files: binary manifest, aligned contents, signed. */
import { ApkError } from "./apk-error.js";
import { compileManifest } from "./manifest/compile-manifest.js";
import { signSections, type SignApkOptions } from "./signing/sign-apk.js";
import { writeZip, type NewEntry } from "./zip/write-zip.js";

export interface BuildApkOptions extends SignApkOptions {
  /** Deflate what is neither a library nor a resource table. Default false: what is stored is the same everywhere. */
  readonly compress?: boolean;
}

const MANIFEST = "AndroidManifest.xml";
const LIBRARY = /^lib\/.*\.so$/;
/** The largest page size of a device: stored libraries are mapped straight from the APK. */
const LIBRARY_ALIGN_BYTES = 16 * 1024;

/** @param files content by entry name; `AndroidManifest.xml` is text or already binary */
export async function buildApk(files: ReadonlyMap<string, Uint8Array>, options: BuildApkOptions = {}): Promise<Buffer> {
  const manifest = files.get(MANIFEST);
  if (!manifest) throw new ApkError("BAD_SOURCE_FOLDER", `there is no ${MANIFEST}`, { field: MANIFEST });
  const { compress = false } = options;
  const binary = isBinary(manifest) ? manifest : compileManifest(manifest);
  const names = [...files.keys()].filter((name) => name !== MANIFEST).sort();
  const entries: readonly NewEntry[] = [
    { name: MANIFEST, content: binary, compress },
    ...names.map((name) => newEntry(name, files.get(name)!, compress)),
  ];
  return signSections(writeZip(entries), options);
}

function isBinary(manifest: Uint8Array): boolean {
  return manifest[0] === 0x03 && manifest[1] === 0x00;
}

function newEntry(name: string, content: Uint8Array, compress: boolean): NewEntry {
  if (LIBRARY.test(name)) return { name, content, alignBytes: LIBRARY_ALIGN_BYTES };
  return { name, content, compress: compress && name !== "resources.arsc" };
}
