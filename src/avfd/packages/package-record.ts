/** What the device remembers of an installed package. */

export interface PackageRecord {
  readonly name: string;
  readonly versionCode: number;
  readonly versionName: string | undefined;
  /** Path on the device of its APK; undefined for parts of the system that have none here. */
  readonly codePath: string | undefined;
  readonly uid: number;
  readonly system: boolean;
  readonly requestedPermissions: readonly string[];
  readonly grantedPermissions: readonly string[];
  /** SHA-256 of each signer's certificate, in hexadecimal. */
  readonly signerDigests: readonly string[];
  readonly targetSdk: number;
  readonly debuggable: boolean;
  readonly testOnly: boolean;
  readonly firstInstallEpochMs: number;
  readonly lastUpdateEpochMs: number;
}

export const VM_PERMISSIONS = {
  manage: "android.permission.MANAGE_VIRTUAL_MACHINE",
  useCustom: "android.permission.USE_CUSTOM_VIRTUAL_MACHINE",
  debug: "android.permission.DEBUG_VIRTUAL_MACHINE",
} as const;

/**
 * Packages of the system itself. The shell asks for, and on a userdebug build has, every permission of AVF
 * (frameworks/base/packages/Shell/AndroidManifest.xml).
 */
export function systemPackages(sdk: number): readonly PackageRecord[] {
  const common = {
    versionCode: sdk,
    versionName: String(sdk),
    codePath: undefined,
    system: true,
    signerDigests: [],
    targetSdk: sdk,
    debuggable: false,
    testOnly: false,
    firstInstallEpochMs: 0,
    lastUpdateEpochMs: 0,
  };
  const shellPermissions = Object.values(VM_PERMISSIONS);
  return [
    { ...common, name: "android", uid: 1000, requestedPermissions: [], grantedPermissions: [] },
    {
      ...common,
      name: "com.android.shell",
      uid: 2000,
      requestedPermissions: shellPermissions,
      grantedPermissions: shellPermissions,
    },
  ];
}
