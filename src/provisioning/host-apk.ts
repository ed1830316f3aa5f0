/** An APK on this host: what a device needs to know of it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { describeError, UsageError } from "../base/errors.js";

export interface HostApk {
  readonly path: string;
  readonly fileName: string;
  readonly packageName: string;
  readonly sha256: string;
  /** `X.apk.idsig` beside `X.apk`, when there is one. */
  readonly idsig: { readonly path: string; readonly sha256: string } | undefined;
}

/** A file name has at most 255 bytes. */
const MAX_NAME_LENGTH = 255 - ".idsig".length;

export async function readHostApk(path: string): Promise<HostApk> {
  const fileName = basename(path);
  checkFileName(path);
  const idsigPath = `${path}.idsig`;
  const hasIdsig = (await stat(idsigPath).catch(() => undefined))?.isFile() === true;
  return {
    path,
    fileName,
    packageName: await readPackageName(path),
    sha256: await sha256(path),
    idsig: hasIdsig ? { path: idsigPath, sha256: await sha256(idsigPath) } : undefined,
  };
}

/** The name becomes part of a path on the device, with `.idsig` behind it. */
export function checkFileName(path: string): void {
  const fileName = basename(path);
  if (/^[\w.@+-]+( [\w.@+-]+)*$/.test(fileName) && fileName.length <= MAX_NAME_LENGTH) return;
  throw new UsageError(
    "APK_NAME",
    `${path} cannot be put on a device under its name, ${JSON.stringify(fileName.slice(0, 300))}. What passes: ` +
      `at most ${MAX_NAME_LENGTH} of the letters a to z and A to Z, digits, . _ - + @, and single spaces between them.`,
    { hint: "rename the file; its package has its own name and stays the same" },
  );
}

export async function readPackageName(path: string): Promise<string> {
  const { isApkError, openFileSource, openZip, readManifest } = await import("../apk/index.js");
  try {
    await using source = await openFileSource(path);
    const zip = await openZip(source);
    return readManifest(await zip.read("AndroidManifest.xml", { maxBytes: 16 << 20 })).packageName;
  } catch (error) {
    if (!isApkError(error)) throw error;
    throw new UsageError("NOT_AN_APK", `${path} cannot be installed: ${describeError(error)}`, { cause: error });
  }
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
