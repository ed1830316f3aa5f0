/**
 * What a VM is made of. Mirrors VirtualMachineConfig.java of Android 15, with the first API's two-argument builder and
 * `idsigPath` beside it.
 */
import * as constants from "../constants.js";
import { ConfigSetters } from "./config-builder.js";
import { isCompatible } from "./compatible.js";
import type { AndroidRelease } from "../../base/android-release.js";
import type { ConfigFields } from "./fields.js";
import type { VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";

export type { ConfigFields };

/** Immutable. Made by `new VirtualMachineConfig.Builder(context)…build()`. */
export class VirtualMachineConfig {
  static readonly DEBUG_LEVEL_NONE = constants.DEBUG_LEVEL_NONE;
  static readonly DEBUG_LEVEL_FULL = constants.DEBUG_LEVEL_FULL;
  static readonly CPU_TOPOLOGY_ONE_CPU = constants.CPU_TOPOLOGY_ONE_CPU;
  static readonly CPU_TOPOLOGY_MATCH_HOST = constants.CPU_TOPOLOGY_MATCH_HOST;
  static readonly ENCRYPTED_STORE_MODE_DEFAULT = constants.ENCRYPTED_STORE_MODE_DEFAULT;
  static readonly ENCRYPTED_STORE_MODE_KEK_ON_CE = constants.ENCRYPTED_STORE_MODE_KEK_ON_CE;
  static readonly MICRODROID = constants.MICRODROID;

  // A getter, because the builder stands below.
  static get Builder(): typeof VirtualMachineConfigBuilder {
    return VirtualMachineConfigBuilder;
  }

  readonly #fields: ConfigFields;
  readonly #release: AndroidRelease;

  /** @internal For the builder, which checks the combination. */
  static of(fields: ConfigFields, release: AndroidRelease): VirtualMachineConfig {
    return new VirtualMachineConfig(fields, release);
  }

  /** Use the builder. */
  private constructor(fields: ConfigFields, release: AndroidRelease) {
    this.#release = release;
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

  getCustomImageConfig(): VirtualMachineCustomImageConfig | undefined {
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

  getOs(): string {
    return this.#fields.os;
  }

  isNetworkSupported(): boolean {
    return this.#fields.networkSupported;
  }

  /** Since 16. */
  shouldUseHugepages(): boolean {
    return this.#fields.shouldUseHugepages;
  }

  /** Since 17: 0, or 1 for a key that is bound to credential-encrypted storage. */
  getEncryptedStoreMode(): number {
    return this.#fields.encryptedStoreMode;
  }

  /**
   * Whether an existing VM may take `other` as its config and stay the same VM, as the release of the device says for which
   * this config was built; see `comparedFields` in src/base/releases. Of the vendor image only its presence counts.
   */
  isCompatibleWith(other: VirtualMachineConfig): boolean {
    return isCompatible(this.#fields, other.#fields, this.#release);
  }
}

/**
 * With one argument, the builder of Android 15: `setProtectedVm` and one payload are required, the debug level is NONE
 * and nothing is captured unless asked for.
 *
 * With a payload config path as second argument, the first API's builder, which ran everything debuggable and unprotected:
 * the debug level starts as FULL, protection as off, and output is captured as long as the debug level stays FULL.
 */
export class VirtualMachineConfigBuilder extends ConfigSetters {
  /** May be called again; each config stands for itself. @throws IllegalStateException for a combination that cannot be */
  build(): VirtualMachineConfig {
    const { fields, release } = this.checkedFields();
    return VirtualMachineConfig.of(fields, release);
  }
}
