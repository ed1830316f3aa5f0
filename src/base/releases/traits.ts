/** What differs between releases of Android, as far as VMs are concerned. A new release is one more file beside this one. */

export interface ReleaseTraits {
  /** `ro.build.version.sdk`. */
  readonly sdk: number;
  /** What devices say of themselves in this release. */
  readonly build: BuildTraits;
  /** What the service that runs VMs does in this release. */
  readonly service: ServiceTraits;
  /** What `android.system.virtualmachine` does in this release. */
  readonly library: LibraryTraits;
}

export interface LibraryTraits {
  /** `VERSION` of VirtualMachineConfig: what it writes as `version` into config.xml, and the highest that it reads. */
  readonly configXmlVersion: number;
  /** Keys of config.xml beside those that every release since 14 has. */
  readonly configXmlKeys: readonly ConfigXmlKey[];
  /** What a VM's config may not change in (`isCompatibleWith`). */
  readonly comparedFields: readonly ComparedField[];
  /** What `run` says where instance image, instance id or storage of the VM are gone. */
  readonly filesMissing: string;
  /** A VM that runs is `not in stopped state` also where its folder is gone; else it `has been deleted`. */
  readonly runsWithoutFolder: boolean;
  /** `create` and `importFromDescriptor` look among the objects of the manager first, and say the name that is taken. */
  readonly saysTakenName: boolean;
  /** A payload config may have `tenants`, which `setConfig` reads too when it names another payload config. */
  readonly readsTenants: boolean;
  /** `build()` refuses captured output without the debug level FULL. */
  readonly captureNeedsFullDebug: boolean;
  /** The first rule of `build()` that a payload config with extra APKs breaks; else they go together. */
  readonly payloadConfigExcludesExtraApks: boolean;
  /** What a custom image has; undefined where there are none. */
  readonly customImage: CustomImageTraits | undefined;
}

export type ConfigXmlKey =
  | "os"
  | "extraApks"
  | "vendorDiskImagePath"
  | "consoleInputDevice"
  | "vmConsoleInputSupported"
  | "connectVmConsole"
  | "shouldBoostUclamp"
  | "customImageConfig"
  | "networkSupported"
  | "shouldUseHugepages"
  | "encryptedStoreMode"
  | "shouldRamdump";

export type ComparedField =
  | "apkPath"
  | "connectVmConsole"
  | "consoleInputDevice"
  | "debugLevel"
  | "encryptedStorageBytes"
  | "encryptedStoreMode"
  | "extraApks"
  | "hasVendorDiskImage"
  | "os"
  | "packageName"
  | "payloadBinaryName"
  | "payloadConfigPath"
  | "protectedVm"
  | "vmConsoleInputSupported"
  | "vmOutputCaptured";

/** Keys of a custom image in config.xml, beside those of 15. */
export interface CustomImageTraits {
  readonly strings: readonly string[];
  readonly booleans: readonly string[];
  /** Written, and never read. */
  readonly unreadBooleans: readonly string[];
  readonly bundles: readonly string[];
  readonly stringArrays: readonly string[];
  readonly disks: "images" | "partitions" | "ids";
}

interface BuildTraits {
  /** `ro.build.id`, of a build of that release. */
  readonly id: string;
  /** `ro.build.version.security_patch`. */
  readonly securityPatch: string;
  /** `ro.board.api_level`: since 15 a year and a month. */
  readonly boardApiLevel: number;
}

export interface ServiceTraits {
  /** `daemon`: `vm run-app` may leave its VM behind, and reports in two steps. `attached`: they end together. */
  readonly vmLife: "daemon" | "attached";
  /** Context identifiers of guests. */
  readonly cids: { readonly first: number; readonly last: number; readonly wraps: boolean };
  /** As whom it writes into the device's log, and which of its crates stands before each line. */
  readonly log: { readonly tag: string; readonly crate: string };
  /** Where guests report: all on one port, or each on that of its CID. */
  readonly reports: "shared-port" | "port-per-vm";
  /** As whose release idsig files are made and payload configs read: the rules changed once. */
  readonly formats: 13 | 15;
}
