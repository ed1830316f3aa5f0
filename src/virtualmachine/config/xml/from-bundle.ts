/** From the entries of config.xml to a config, by way of the builder, whose rules apply again. */
import { IllegalArgumentException, requireNonNull } from "../../errors.js";
import { VirtualMachineConfigBuilder } from "../config.js";
import { VirtualMachineCustomImageConfig } from "../../custom-image/custom-image-config.js";
import { bundleReader } from "./bundle-fields.js";
import { DEBUG_LEVEL_FULL, DEBUG_LEVEL_NONE } from "../../constants.js";
import { DEFAULT_OS } from "../config-builder.js";
import { KEPT_APART, writtenKeys } from "./keys.js";
import { libraryOf } from "../release-of.js";
import type { AndroidRelease } from "../../../base/android-release.js";
import type { VirtualMachineConfig } from "../config.js";
import type { VmContext } from "../../context.js";
import type { Bundle } from "./persistable-bundle.js";

/** In Java's order, for the first fault is the one that is reported. @throws what the builder throws */
export function configOfBundle(
  bundle: Bundle,
  release: AndroidRelease,
  capabilities: VmContext["capabilities"],
): VirtualMachineConfig {
  const configXmlKeys: readonly string[] = libraryOf(release).configXmlKeys;
  const read = bundleReader(readable(bundle, release));
  // A builder made for the wrong context is what Java avoids here as well: package and APK are those that were stored.
  const packageName = read.string("packageName");
  const builder = new VirtualMachineConfigBuilder({ packageName: packageName as string, capabilities });
  const apkPath = read.string("apkPath");
  if (apkPath !== undefined) builder.setApkPath(apkPath);
  const idsigPath = read.string("idsigPath");
  if (idsigPath !== undefined) builder.idsigPath(idsigPath);
  const image = read.bundle("customImageConfig");
  const payloadConfigPath = read.string("payloadConfigPath");
  const payloadBinaryName = read.string("payloadBinaryPath");
  if (image !== undefined) builder.setCustomImageConfig(VirtualMachineCustomImageConfig.of(image));
  else if (payloadConfigPath !== undefined) builder.setPayloadConfigPath(payloadConfigPath);
  else builder.setPayloadBinaryName(requireNonNull(payloadBinaryName, "payloadBinaryName"));
  const debugLevel = read.int("debugLevel");
  if (debugLevel !== DEBUG_LEVEL_NONE && debugLevel !== DEBUG_LEVEL_FULL) {
    throw new IllegalArgumentException(`Invalid debugLevel: ${debugLevel}`);
  }
  builder.setDebugLevel(debugLevel);
  builder.setProtectedVm(read.boolean("protectedVm"));
  const memoryBytes = read.long("memoryBytes");
  if (memoryBytes !== 0n) builder.setMemoryBytes(safeNumber(memoryBytes, "memoryBytes"));
  builder.setCpuTopology(read.int("cpuTopology"));
  builder.setConsoleInputDevice(read.string("consoleInputDevice"));
  const storageBytes = read.long("encryptedStorageBytes");
  if (storageBytes !== 0n) builder.setEncryptedStorageBytes(safeNumber(storageBytes, "encryptedStorageBytes"));
  builder.setVmOutputCaptured(read.boolean("vmOutputCaptured"));
  builder.setVmConsoleInputSupported(read.boolean("vmConsoleInputSupported"));
  builder.setConnectVmConsole(read.boolean("connectVmConsole"));
  const vendorDiskImagePath = read.string("vendorDiskImagePath");
  if (vendorDiskImagePath !== undefined) builder.setVendorDiskImage(vendorDiskImagePath);
  const os = read.string("os");
  builder.setOs(configXmlKeys.includes("os") ? (os as string) : (os ?? DEFAULT_OS));
  for (const extraApk of read.strings("extraApks")) builder.addExtraApk(extraApk);
  if (read.hasNulls("extraApks")) requireNonNull(undefined, "extra APK package name");
  builder.setNetworkSupported(read.boolean("networkSupported"));
  builder.setShouldBoostUclamp(read.boolean("shouldBoostUclamp"));
  builder.setShouldUseHugepages(read.boolean("shouldUseHugepages"));
  builder.setEncryptedStoreMode(read.int("encryptedStoreMode"));
  builder.setShouldRamdump(read.boolean("shouldRamdump", true));
  return builder.build();
}

/** What the release reads, and what the port kept apart for it. */
function readable(bundle: Bundle, release: AndroidRelease): Bundle {
  const keys = [...writtenKeys(release), ...(libraryOf(release).configXmlVersion === 1 ? FROM_VERSION_1 : [])];
  const known = [...bundle].filter(([key]) => keys.includes(key));
  const apart = bundle.get(KEPT_APART);
  return new Map([...known, ...(apart?.type === "bundle" ? apart.entries : [])]);
}

/** What its keys were turned into. */
const FROM_VERSION_1 = ["packageName", "cpuTopology", "memoryBytes", "vmOutputCaptured", "payloadBinaryPath"];

function safeNumber(value: bigint, key: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new IllegalArgumentException(`${key} is out of range: ${value}`);
  return Number(value);
}
