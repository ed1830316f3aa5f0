/** Setters of configs: single values are refused when set, combinations in `build()`. Mirrors VirtualMachineConfig.Builder. */
import {
  CPU_TOPOLOGY_MATCH_HOST,
  CPU_TOPOLOGY_ONE_CPU,
  DEBUG_LEVEL_FULL,
  DEBUG_LEVEL_NONE,
  ENCRYPTED_STORE_MODE_DEFAULT,
  MICRODROID,
} from "../constants.js";
import { IllegalArgumentException, UnsupportedOperationException, requireNonNull } from "../errors.js";
import { checkConfigCombination } from "./config-rules.js";
import { VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";
import { customImageOf } from "./custom-image.js";
import { absoluteJavaPath } from "./java-path.js";
import { libraryOf, releaseOf } from "./release-of.js";
import type { AndroidRelease } from "../../base/android-release.js";
import type { ConfigFields } from "./fields.js";
import type { VmContext } from "../context.js";

/** What a builder needs of a context. */
type BuilderContext = Pick<VmContext, "packageName" | "capabilities">;

type Draft = { -readonly [K in keyof ConfigFields]: ConfigFields[K] };

/** What `VirtualMachineConfig.Builder` is but for `build()`, which needs the class that it makes. */
export abstract class ConfigSetters {
  readonly #capabilities: VmContext["capabilities"];
  readonly #draft: Partial<Draft> = {};
  readonly #extraApks: string[] = [];
  readonly #firstApi: boolean;
  readonly #packageName: string | undefined;

  /** @throws NullPointerException */
  constructor(context: BuilderContext, payloadConfigPath?: string) {
    this.#packageName = requireNonNull(context, "context").packageName;
    this.#capabilities = context.capabilities;
    this.#firstApi = payloadConfigPath !== undefined;
    if (payloadConfigPath !== undefined) this.setPayloadConfigPath(payloadConfigPath);
  }

  /** An APK on the device instead of the app's own. @throws NullPointerException, IllegalArgumentException */
  setApkPath(apkPath: string): this {
    if (!requireNonNull(apkPath, "apkPath").startsWith("/")) {
      throw new IllegalArgumentException("APK path must be an absolute path");
    }
    return this.#set("apkPath", apkPath);
  }

  /** First API: an idsig on the device, instead of the one made at the first run. @throws as `setApkPath` */
  idsigPath(idsigPath: string): this {
    if (!requireNonNull(idsigPath, "idsigPath").startsWith("/")) {
      throw new IllegalArgumentException("idsig path must be an absolute path");
    }
    return this.#set("idsigPath", idsigPath);
  }

  /** Package whose APK the VM may read as well. @throws NullPointerException */
  addExtraApk(packageName: string): this {
    this.#extraApks.push(requireNonNull(packageName, "extra APK package name"));
    return this;
  }

  /** Path inside the APK, e.g. `assets/vm_config.json`. @throws NullPointerException */
  setPayloadConfigPath(payloadConfigPath: string): this {
    return this.#set("payloadConfigPath", requireNonNull(payloadConfigPath, "payloadConfigPath"));
  }

  /** Library in `lib/<abi>/` of the APK. @throws NullPointerException, IllegalArgumentException */
  setPayloadBinaryName(name: string): this {
    if (requireNonNull(name, "payloadBinaryName").includes("/")) {
      throw new IllegalArgumentException(`Invalid binary file name: ${name}`);
    }
    return this.#set("payloadBinaryName", name);
  }

  /**
   * A kernel or firmware of its own, instead of Microdroid and a payload. What the device's release does not know of is kept
   * where it is set, and refused by name when the VM is made, unless `vm run` takes it. @throws IllegalStateException
   */
  setCustomImageConfig(config: VirtualMachineCustomImageConfig | null | undefined): this {
    const { customImage } = libraryOf(releaseOf(this.#capabilities));
    if (!config || !customImage) return this.#set("customImageConfig", config ?? undefined);
    const known = customImageOf(config.bundle, customImage);
    const apart = { sharedPaths: config.getSharedPaths(), switches: config.useSwitches() };
    return this.#set("customImageConfig", VirtualMachineCustomImageConfig.of(known, apart));
  }

  /** `DEBUG_LEVEL_NONE` (default) or `DEBUG_LEVEL_FULL`. @throws IllegalArgumentException */
  setDebugLevel(debugLevel: number): this {
    if (debugLevel !== DEBUG_LEVEL_NONE && debugLevel !== DEBUG_LEVEL_FULL) {
      throw new IllegalArgumentException(`Invalid debugLevel: ${debugLevel}`);
    }
    return this.#set("debugLevel", debugLevel);
  }

  /** @throws UnsupportedOperationException when the device is known to lack this kind of VM */
  setProtectedVm(protectedVm: boolean): this {
    const supported = this.#capabilities?.[protectedVm ? "protectedVm" : "nonProtectedVm"] ?? true;
    if (!supported) {
      throw new UnsupportedOperationException(
        `${protectedVm ? "Protected" : "Non-protected"} VMs are not supported on this device.`,
        { hint: "adb shell /apex/com.android.virt/bin/vm info" },
      );
    }
    return this.#set("protectedVm", protectedVm);
  }

  /** @throws IllegalArgumentException unless a positive whole number */
  setMemoryBytes(memoryBytes: number): this {
    return this.#set("memoryBytes", positiveBytes(memoryBytes, "Memory size"));
  }

  /** `CPU_TOPOLOGY_ONE_CPU` (default) or `CPU_TOPOLOGY_MATCH_HOST`. @throws IllegalArgumentException */
  setCpuTopology(cpuTopology: number): this {
    if (cpuTopology !== CPU_TOPOLOGY_ONE_CPU && cpuTopology !== CPU_TOPOLOGY_MATCH_HOST) {
      throw new IllegalArgumentException(`Invalid cpuTopology: ${cpuTopology}`);
    }
    return this.#set("cpuTopology", cpuTopology);
  }

  /** @throws IllegalArgumentException unless a positive whole number */
  setEncryptedStorageBytes(bytes: number): this {
    return this.#set("encryptedStorageBytes", positiveBytes(bytes, "Encrypted Storage size"));
  }

  /** Needs the debug level FULL. */
  setVmOutputCaptured(captured: boolean): this {
    return this.#set("vmOutputCaptured", captured);
  }

  /** Needs the debug level FULL. */
  setVmConsoleInputSupported(supported: boolean): this {
    return this.#set("vmConsoleInputSupported", supported);
  }

  /** Needs the debug level FULL. */
  setConnectVmConsole(connect: boolean): this {
    return this.#set("connectVmConsole", connect);
  }

  /** `hvc0` (the default of the service) or `ttyS0`. */
  setConsoleInputDevice(device: string | null | undefined): this {
    return this.#set("consoleInputDevice", device ?? undefined);
  }

  /** Path on the device. @throws NullPointerException */
  setVendorDiskImage(path: string): this {
    return this.#set("vendorDiskImagePath", absoluteJavaPath(requireNonNull(path, "vendor disk image")));
  }

  /** Default: `microdroid`. @throws NullPointerException */
  setOs(os: string): this {
    return this.#set("os", requireNonNull(os, "os"));
  }

  setNetworkSupported(supported: boolean): this {
    return this.#set("networkSupported", supported);
  }

  setShouldBoostUclamp(boost: boolean): this {
    return this.#set("shouldBoostUclamp", boost);
  }

  /** Since 16: memory of the VM in huge pages. */
  setShouldUseHugepages(use: boolean): this {
    return this.#set("shouldUseHugepages", use);
  }

  /** Since 17. Default: true. */
  setShouldRamdump(ramdump: boolean): this {
    return this.#set("shouldRamdump", ramdump);
  }

  /** @internal Since 17, where it is a property in the manifest of the app. */
  setEncryptedStoreMode(mode: number): this {
    return this.#set("encryptedStoreMode", mode);
  }

  /** All values, with the defaults of those that were not set. @throws IllegalStateException for a combination that cannot be */
  protected checkedFields(): { readonly fields: ConfigFields; readonly release: AndroidRelease } {
    const draft = this.#draft;
    const debugLevel = draft.debugLevel ?? (this.#firstApi ? DEBUG_LEVEL_FULL : DEBUG_LEVEL_NONE);
    const fields = {
      packageName: draft.apkPath === undefined ? this.#packageName : undefined,
      apkPath: draft.apkPath,
      idsigPath: draft.idsigPath,
      extraApks: this.#extraApks,
      payloadConfigPath: draft.payloadConfigPath,
      payloadBinaryName: draft.payloadBinaryName,
      customImageConfig: draft.customImageConfig,
      debugLevel,
      protectedVm: draft.protectedVm ?? (this.#firstApi ? false : undefined),
      memoryBytes: draft.memoryBytes ?? 0,
      cpuTopology: draft.cpuTopology ?? CPU_TOPOLOGY_ONE_CPU,
      encryptedStorageBytes: draft.encryptedStorageBytes ?? 0,
      vmOutputCaptured: draft.vmOutputCaptured ?? (this.#firstApi && debugLevel === DEBUG_LEVEL_FULL),
      vmConsoleInputSupported: draft.vmConsoleInputSupported ?? false,
      connectVmConsole: draft.connectVmConsole ?? false,
      consoleInputDevice: draft.consoleInputDevice,
      vendorDiskImagePath: draft.vendorDiskImagePath,
      os: draft.os ?? DEFAULT_OS,
      networkSupported: draft.networkSupported ?? false,
      shouldBoostUclamp: draft.shouldBoostUclamp ?? false,
      shouldUseHugepages: draft.shouldUseHugepages ?? false,
      encryptedStoreMode: draft.encryptedStoreMode ?? ENCRYPTED_STORE_MODE_DEFAULT,
      shouldRamdump: draft.shouldRamdump ?? true,
    };
    const release = releaseOf(this.#capabilities);
    checkConfigCombination(fields, libraryOf(release));
    return { fields, release };
  }

  #set<K extends keyof Draft>(key: K, value: Draft[K]): this {
    this.#draft[key] = value;
    return this;
  }
}

export const DEFAULT_OS = MICRODROID;

function positiveBytes(bytes: number, what: string): number {
  if (!(bytes > 0)) throw new IllegalArgumentException(`${what} must be positive`);
  if (!Number.isSafeInteger(bytes)) throw new IllegalArgumentException(`${what} must be a whole number of bytes`);
  return bytes;
}
