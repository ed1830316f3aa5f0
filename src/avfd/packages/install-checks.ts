/** Whether an APK may be installed, in the order and the words of Android's package manager. */
import { createHash } from "node:crypto";
import {
  isApkError,
  nativeLibraries,
  openZip,
  readManifest,
  verifyApk,
  type ByteSource,
  type Manifest,
  type Zip,
} from "../../apk/index.js";
import type { PackageRecord } from "./package-record.js";

export interface InstallOptions {
  /** False: refuse when the package is there already (`-R`). */
  readonly replaceExisting: boolean;
  readonly allowTestOnly: boolean;
  readonly allowDowngrade: boolean;
  readonly grantPermissions: boolean;
  readonly abi: string | undefined;
}

export interface DeviceTraits {
  readonly sdk: number;
  readonly abi: string;
  /** Of a platform under development (`ro.build.version.all_codenames`); a release has none. */
  readonly codenames: readonly string[];
}

/** Becomes `Failure [<code>: <reason>]`. */
export class InstallError extends Error {
  constructor(
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

interface CheckedApk {
  readonly manifest: Manifest;
  readonly signerDigests: readonly string[];
}

const MAX_MANIFEST_BYTES = 4 << 20;

/** Parses and verifies; throws `InstallError`. Whether it fits what is installed is `checkUpdate`'s part. */
export async function checkApk(source: ByteSource, options: InstallOptions, device: DeviceTraits): Promise<CheckedApk> {
  const { zip, manifest } = await parse(source);
  checkSdk(manifest, device);
  if (manifest.testOnly && !options.allowTestOnly) {
    throw new InstallError("INSTALL_FAILED_TEST_ONLY", "Failed to install test-only apk. Did you forget to add -t?");
  }
  const signerDigests = await verifySigners(source, device.sdk);
  checkAbis(zip, options.abi ?? device.abi, device.abi);
  return { manifest, signerDigests };
}

export function checkUpdate(
  { manifest, signerDigests }: CheckedApk,
  installed: PackageRecord | undefined,
  options: InstallOptions,
): void {
  if (!installed) return;
  const { packageName, versionCode } = manifest;
  if (installed.system) {
    throw new InstallError("INSTALL_FAILED_UPDATE_INCOMPATIBLE", `${packageName} is a part of this device`);
  }
  if (!options.replaceExisting) {
    throw new InstallError(
      "INSTALL_FAILED_ALREADY_EXISTS",
      `Attempt to re-install ${packageName} without first uninstalling.`,
    );
  }
  if (signerDigests.join() !== installed.signerDigests.join()) {
    throw new InstallError(
      "INSTALL_FAILED_UPDATE_INCOMPATIBLE",
      `Existing package ${packageName} signatures do not match newer version; ignoring!`,
    );
  }
  if (versionCode < installed.versionCode && !options.allowDowngrade) {
    throw new InstallError(
      "INSTALL_FAILED_VERSION_DOWNGRADE",
      `Downgrade detected: Update version code ${versionCode} is older than current ${installed.versionCode}`,
    );
  }
}

/** FrameworkParsingPackageUtils.computeTargetSdkVersion, then computeMinSdkVersion: in Android's order and words. */
function checkSdk({ minSdk, minSdkCodename, targetSdkCodename }: Manifest, { sdk, codenames }: DeviceTraits): void {
  for (const codename of [targetSdkCodename, minSdkCodename]) {
    // `Q.cafebc561` is a build of Q.
    if (codename === undefined || codenames.includes(codename.replace(/\..*$/s, ""))) continue;
    const here =
      codenames.length > 0
        ? ` (current platform is any of [${codenames.join(", ")}])`
        : " but this is a release platform.";
    throw new InstallError("INSTALL_FAILED_OLDER_SDK", `Requires development platform ${codename}${here}`);
  }
  if (minSdkCodename !== undefined || minSdk <= sdk) return;
  throw new InstallError(
    "INSTALL_FAILED_OLDER_SDK",
    `Requires newer sdk version #${minSdk} (current version is #${sdk})`,
  );
}

async function parse(source: ByteSource): Promise<{ readonly zip: Zip; readonly manifest: Manifest }> {
  try {
    const zip = await openZip(source);
    const manifest = readManifest(await zip.read("AndroidManifest.xml", { maxBytes: MAX_MANIFEST_BYTES }));
    return { zip, manifest };
  } catch (error) {
    if (!isApkError(error)) throw error;
    const code = error.code === "BAD_MANIFEST" ? "INSTALL_PARSE_FAILED_BAD_MANIFEST" : "INSTALL_PARSE_FAILED_NOT_APK";
    throw new InstallError(code, `Failed to parse base.apk: ${error.shortMessage}`);
  }
}

/** The newest scheme that the APK has must hold: falling back to an older one would let it be stripped. */
async function verifySigners(source: ByteSource, sdk: number): Promise<readonly string[]> {
  try {
    const verified = await verifyApk(source, sdk);
    return verified.signers.map(({ certificate }) => createHash("sha256").update(certificate).digest("hex"));
  } catch (error) {
    if (!isApkError(error)) throw error;
    throw new InstallError(
      "INSTALL_PARSE_FAILED_NO_CERTIFICATES",
      `Failed to collect certificates from base.apk: ${error.shortMessage}`,
    );
  }
}

function checkAbis(zip: Zip, wanted: string, ofDevice: string): void {
  const abis = nativeLibraries(zip);
  if (wanted === ofDevice && (abis.size === 0 || abis.has(ofDevice))) return;
  throw new InstallError(
    "INSTALL_FAILED_NO_MATCHING_ABIS",
    `Failed to extract native libraries, res=-113: the package has ${[...abis.keys()].join(", ") || "none"}, ` +
      `asked for is ${wanted}, the device is ${ofDevice}`,
  );
}
