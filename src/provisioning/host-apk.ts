/** An APK on this host: what a device needs to know of it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { isApkError, openFileSource, openZip, readManifest } from "../apk/index.js";
import { describeError, UsageError } from "../base/errors.js";

export interface HostApk {
  readonly path: string;
  readonly fileName: string;
  readonly packageName: string;
  readonly sha256: string;
  /** `X.apk.idsig` beside `X.apk`, when there is one. */
  readonly idsig: { readonly path: string; readonly sha256: string } | undefined;
}

export async function readHostApk(path: string): Promise<HostApk> {
  const fileName = basename(path);
  // The name becomes part of a path on the device.
  if (!/^[\w.@+-]+( [\w.@+-]+)*$/.test(fileName)) {
    throw new UsageError(
      "APK_NAME",
      `An APK's file name may hold letters, digits and . _ - + @ only: ${JSON.stringify(fileName)}`,
    );
  }
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

async function readPackageName(path: string): Promise<string> {
  try {
    await using source = await openFileSource(path);
    const zip = await openZip(source);
    return readManifest(await zip.read("AndroidManifest.xml", { maxBytes: 16 << 20 })).packageName;
  } catch (error) {
    if (!isApkError(error)) throw error;
    throw new UsageError("NOT_AN_APK", `${path} cannot be installed: ${describeError(error)}`, { cause: error });
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
