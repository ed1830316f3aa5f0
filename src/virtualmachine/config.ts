/**
 * What a VM is made of. Mirrors VirtualMachineConfig.java of Android 15, with the first API's two-argument builder and
 * `idsigPath` beside it.
 */
import * as constants from "./constants.js";
import { VirtualMachineConfigBuilder } from "./config-builder.js";
import type { Bundle } from "./persistable-bundle.js";

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
  /** A VM that is not Microdroid; kept and written back, never run: the device's tool cannot. */
  readonly customImageConfig: Bundle | undefined;
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
}

/** Immutable. Made by `new VirtualMachineConfig.Builder(context)…build()`. */
export class VirtualMachineConfig {
  static readonly DEBUG_LEVEL_NONE = constants.DEBUG_LEVEL_NONE;
  static readonly DEBUG_LEVEL_FULL = constants.DEBUG_LEVEL_FULL;
  static readonly CPU_TOPOLOGY_ONE_CPU = constants.CPU_TOPOLOGY_ONE_CPU;
  static readonly CPU_TOPOLOGY_MATCH_HOST = constants.CPU_TOPOLOGY_MATCH_HOST;

  // A getter, because the builder's file needs this class as well.
  static get Builder(): typeof VirtualMachineConfigBuilder {
    return VirtualMachineConfigBuilder;
  }

  readonly #fields: ConfigFields;

  /** @internal Use the builder, which checks the combination. */
  constructor(fields: ConfigFields) {
    this.#fields = Object.freeze({ ...fields, extraApks: Object.freeze([...fields.extraApks]) });
    Object.freeze(this);
  }

  /** @internal All values at once, for those that write or run a config. */
  get fields(): ConfigFields {
    return this.#fields;
  }

  getApkPath(): string | undefined {
    return this.#fields.apkPath;
  }

  getPackageName(): string | undefined {
    return this.#fields.packageName;
  }

  /** First API only. */
  getIdsigPath(): string | undefined {
    return this.#fields.idsigPath;
  }

  getExtraApks(): readonly string[] {
    return this.#fields.extraApks;
  }

  getPayloadConfigPath(): string | undefined {
    return this.#fields.payloadConfigPath;
  }

  getPayloadBinaryName(): string | undefined {
    return this.#fields.payloadBinaryName;
  }

  getCustomImageConfig(): Bundle | undefined {
    return this.#fields.customImageConfig;
  }

  /** `DEBUG_LEVEL_NONE` or `DEBUG_LEVEL_FULL`. */
  getDebugLevel(): number {
    return this.#fields.debugLevel;
  }

  isProtectedVm(): boolean {
    return this.#fields.protectedVm;
  }

  /** 0 when the OS decides. */
  getMemoryBytes(): number {
    return this.#fields.memoryBytes;
  }

  /** `CPU_TOPOLOGY_ONE_CPU` or `CPU_TOPOLOGY_MATCH_HOST`. */
  getCpuTopology(): number {
    return this.#fields.cpuTopology;
  }

  isEncryptedStorageEnabled(): boolean {
    return this.#fields.encryptedStorageBytes > 0;
  }

  getEncryptedStorageBytes(): number {
    return this.#fields.encryptedStorageBytes;
  }

  isVmOutputCaptured(): boolean {
    return this.#fields.vmOutputCaptured;
  }

  isVmConsoleInputSupported(): boolean {
    return this.#fields.vmConsoleInputSupported;
  }

  isConnectVmConsole(): boolean {
    return this.#fields.connectVmConsole;
  }

  getConsoleInputDevice(): string | undefined {
    return this.#fields.consoleInputDevice;
  }

  getVendorDiskImage(): string | undefined {
    return this.#fields.vendorDiskImagePath;
  }

  getOs(): string {
    return this.#fields.os;
  }

  isNetworkSupported(): boolean {
    return this.#fields.networkSupported;
  }

  shouldBoostUclamp(): boolean {
    return this.#fields.shouldBoostUclamp;
  }

  /**
   * Whether an existing VM may take `other` as its config and stay the same VM. APK path, idsig path, memory, CPU
   * topology, network and uclamp boost may differ; of the vendor image only its presence counts. Java compares the
   * console input device by reference, which its own loader breaks; here its value counts.
   */
  isCompatibleWith(other: VirtualMachineConfig): boolean {
    const [mine, theirs] = [this.#fields, other.#fields];
    return (
      COMPARED.every((key) => mine[key] === theirs[key]) &&
      (mine.vendorDiskImagePath === undefined) === (theirs.vendorDiskImagePath === undefined) &&
      mine.extraApks.length === theirs.extraApks.length &&
      mine.extraApks.every((name, i) => name === theirs.extraApks[i])
    );
  }
}

const COMPARED = [
  "debugLevel",
  "protectedVm",
  "encryptedStorageBytes",
  "vmOutputCaptured",
  "vmConsoleInputSupported",
  "connectVmConsole",
  "consoleInputDevice",
  "payloadConfigPath",
  "payloadBinaryName",
  "packageName",
  "os",
] as const satisfies readonly (keyof ConfigFields)[];
