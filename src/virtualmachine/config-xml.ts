/** `config.xml`: the config of a VM as it is kept on the device. Mirrors VirtualMachineConfig#serialize and #from. */
import { IllegalArgumentException, VirtualMachineException, isUsageError } from "./errors.js";
import { VirtualMachineConfigBuilder } from "./config-builder.js";
import { bundleReader } from "./bundle-fields.js";
import { readBundle, BundleFormatError } from "./persistable-bundle-reader.js";
import { writeBundle } from "./persistable-bundle.js";
import { upgradeBundle, CONFIG_VERSION } from "./config-versions.js";
import type { VirtualMachineConfig } from "./config.js";
import type { VmContext } from "./context.js";
import type { Bundle, BundleValue } from "./persistable-bundle.js";

export interface StoredConfig {
  readonly config: VirtualMachineConfig;
  /** Entries this release does not know; they are written back when the config is. */
  readonly unknown: Bundle;
}

/** Bytes of `config.xml` as Android 15 writes them; `unknown` entries are put in where the key order wants them. */
export function writeConfigXml(config: VirtualMachineConfig, unknown: Bundle = new Map()): string {
  return writeBundle(new Map([...unknown, ...toBundle(config)]));
}

/**
 * Reads a config of any version up to 9. The builder's rules are applied again.
 * @throws VirtualMachineException `Persisted VM config is invalid`, or `Failed to read VM config from file` when the bytes
 * are no bundle; UnsupportedOperationException when the device lacks that kind of VM
 */
export function readConfigXml(bytes: Uint8Array, capabilities?: VmContext["capabilities"]): StoredConfig {
  try {
    const bundle = upgradeBundle(readBundle(bytes));
    const unknown = new Map([...bundle].filter(([key]) => !KNOWN_KEYS.has(key)));
    return { config: fromBundle(bundle, capabilities), unknown };
  } catch (error) {
    if (error instanceof BundleFormatError) {
      throw new VirtualMachineException("CONFIG_UNREADABLE", "Failed to read VM config from file", { cause: error });
    }
    if (isUsageError(error) && error.code !== "UNSUPPORTED_OPERATION") {
      throw new VirtualMachineException("CONFIG_INVALID", "Persisted VM config is invalid", { cause: error });
    }
    throw error;
  }
}

function toBundle(config: VirtualMachineConfig): Bundle {
  const fields = config.fields;
  const entries: readonly (readonly [KnownKey, BundleValue | undefined])[] = [
    ["version", int(CONFIG_VERSION)],
    ["packageName", string(fields.packageName)],
    ["apkPath", string(fields.apkPath)],
    ["idsigPath", string(fields.idsigPath)],
    ["payloadConfigPath", string(fields.payloadConfigPath) ?? { type: "null" }],
    ["payloadBinaryPath", string(fields.payloadBinaryName) ?? { type: "null" }],
    ["customImageConfig", fields.customImageConfig && { type: "bundle", entries: fields.customImageConfig }],
    ["debugLevel", int(fields.debugLevel)],
    ["protectedVm", boolean(fields.protectedVm)],
    ["cpuTopology", int(fields.cpuTopology)],
    ["consoleInputDevice", string(fields.consoleInputDevice)],
    ["memoryBytes", positiveLong(fields.memoryBytes)],
    ["encryptedStorageBytes", positiveLong(fields.encryptedStorageBytes)],
    ["vmOutputCaptured", boolean(fields.vmOutputCaptured)],
    ["vmConsoleInputSupported", boolean(fields.vmConsoleInputSupported)],
    ["connectVmConsole", boolean(fields.connectVmConsole)],
    ["networkSupported", boolean(fields.networkSupported)],
    ["shouldBoostUclamp", boolean(fields.shouldBoostUclamp)],
    ["vendorDiskImagePath", string(fields.vendorDiskImagePath)],
    ["os", string(fields.os)],
    ["extraApks", fields.extraApks.length > 0 ? { type: "string-array", items: fields.extraApks } : undefined],
  ];
  return new Map(entries.filter((entry): entry is [KnownKey, BundleValue] => entry[1] !== undefined));
}

function fromBundle(bundle: Bundle, capabilities: VmContext["capabilities"]): VirtualMachineConfig {
  const read = bundleReader(bundle);
  const packageName = read.string("packageName");
  // A builder made for the wrong context is what Java avoids here as well: package and APK are those that were stored.
  const builder = new VirtualMachineConfigBuilder({ packageName: packageName as string, capabilities });
  const apkPath = read.string("apkPath");
  if (apkPath !== undefined) builder.setApkPath(apkPath);
  const idsigPath = read.string("idsigPath");
  if (idsigPath !== undefined) builder.idsigPath(idsigPath);
  const customImageConfig = read.bundle("customImageConfig");
  const payloadConfigPath = read.string("payloadConfigPath");
  const payloadBinaryName = read.string("payloadBinaryPath");
  if (customImageConfig !== undefined) builder.setCustomImageConfig(customImageConfig);
  else if (payloadConfigPath !== undefined) builder.setPayloadConfigPath(payloadConfigPath);
  else if (payloadBinaryName !== undefined) builder.setPayloadBinaryName(payloadBinaryName);
  builder.setDebugLevel(read.int("debugLevel"));
  builder.setProtectedVm(read.boolean("protectedVm"));
  builder.setCpuTopology(read.int("cpuTopology"));
  builder.setConsoleInputDevice(read.string("consoleInputDevice"));
  const memoryBytes = safeNumber(read.long("memoryBytes"), "memoryBytes");
  if (memoryBytes !== 0) builder.setMemoryBytes(memoryBytes);
  const storageBytes = safeNumber(read.long("encryptedStorageBytes"), "encryptedStorageBytes");
  if (storageBytes !== 0) builder.setEncryptedStorageBytes(storageBytes);
  builder.setVmOutputCaptured(read.boolean("vmOutputCaptured"));
  builder.setVmConsoleInputSupported(read.boolean("vmConsoleInputSupported"));
  builder.setConnectVmConsole(read.boolean("connectVmConsole"));
  builder.setNetworkSupported(read.boolean("networkSupported"));
  builder.setShouldBoostUclamp(read.boolean("shouldBoostUclamp"));
  const vendorDiskImagePath = read.string("vendorDiskImagePath");
  if (vendorDiskImagePath !== undefined) builder.setVendorDiskImage(vendorDiskImagePath);
  builder.setOs(read.string("os") as string);
  for (const extraApk of read.strings("extraApks")) builder.addExtraApk(extraApk);
  return builder.build();
}

function safeNumber(value: bigint, key: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new IllegalArgumentException(`${key} is out of range: ${value}`);
  return number;
}

const int = (value: number): BundleValue => ({ type: "int", value });
const boolean = (value: boolean): BundleValue => ({ type: "boolean", value });
const string = (value: string | undefined): BundleValue | undefined =>
  value === undefined ? undefined : { type: "string", value };
const positiveLong = (value: number): BundleValue | undefined =>
  value > 0 ? { type: "long", value: BigInt(value) } : undefined;

const KNOWN_KEY_LIST = [
  "version",
  "packageName",
  "apkPath",
  "idsigPath",
  "payloadConfigPath",
  "payloadBinaryPath",
  "customImageConfig",
  "debugLevel",
  "protectedVm",
  "cpuTopology",
  "consoleInputDevice",
  "memoryBytes",
  "encryptedStorageBytes",
  "vmOutputCaptured",
  "vmConsoleInputSupported",
  "connectVmConsole",
  "networkSupported",
  "shouldBoostUclamp",
  "vendorDiskImagePath",
  "os",
  "extraApks",
] as const;
type KnownKey = (typeof KNOWN_KEY_LIST)[number];
const KNOWN_KEYS: ReadonlySet<string> = new Set(KNOWN_KEY_LIST);
