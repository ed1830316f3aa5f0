import type { VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";

/** Values of a config; undefined means "not set", as null does in Java. */
export interface ConfigFields {
  /** Undefined when an APK path was given. */
  readonly packageName: string | undefined;
  readonly apkPath: string | undefined;
  /** First API: an idsig that was put on the device beforehand. */
  readonly idsigPath: string | undefined;
  readonly extraApks: readonly string[];
  readonly payloadConfigPath: string | undefined;
  readonly payloadBinaryName: string | undefined;
  /** A VM that is not Microdroid. */
  readonly customImageConfig: VirtualMachineCustomImageConfig | undefined;
  readonly debugLevel: number;
  readonly protectedVm: boolean;
  /** 0: the OS default, 256 MiB. */
  readonly memoryBytes: number;
  readonly cpuTopology: number;
  /** 0: none. */
  readonly encryptedStorageBytes: number;
  readonly vmOutputCaptured: boolean;
  readonly vmConsoleInputSupported: boolean;
  readonly connectVmConsole: boolean;
  readonly consoleInputDevice: string | undefined;
  readonly vendorDiskImagePath: string | undefined;
  readonly os: string;
  readonly networkSupported: boolean;
  readonly shouldBoostUclamp: boolean;
  /** Since 16. */
  readonly shouldUseHugepages: boolean;
  /** Since 17: 0, or 1 for a key that is bound to credential-encrypted storage. */
  readonly encryptedStoreMode: number;
  /** Since 17: whether a guest that panics leaves a dump. */
  readonly shouldRamdump: boolean;
}
