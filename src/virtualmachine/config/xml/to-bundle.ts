/** From a config to the entries of config.xml. Mirrors VirtualMachineConfig#serializeOutputStream. */
import { CPU_TOPOLOGY_MATCH_HOST, DEBUG_LEVEL_FULL } from "../../constants.js";
import { KEPT_APART, writtenKeys } from "./keys.js";
import { libraryOf } from "../release-of.js";
import type { AndroidRelease } from "../../../base/android-release.js";
import type { ConfigFields, VirtualMachineConfig } from "../config.js";
import type { Bundle, BundleValue } from "./persistable-bundle.js";

type Entry = readonly [key: string, value: BundleValue | undefined, isDefault: boolean];

/** What the release has no key for is kept apart, unless it says what would be without it. */
export function bundleOfConfig({ fields }: VirtualMachineConfig, release: AndroidRelease): Bundle {
  const { configXmlVersion } = libraryOf(release);
  const keys = writtenKeys(release);
  const all = [["version", int(configXmlVersion), false] as Entry, ...entriesOf(fields)];
  const entries = all.flatMap(([key, value]) => (value && keys.includes(key) ? [[key, value] as const] : []));
  const apart = all.flatMap(([key, value, isDefault]) =>
    value && !isDefault && !keys.includes(key) ? [[key, value] as const] : [],
  );
  const version1 = configXmlVersion === 1 ? version1Entries(fields) : [];
  const kept = apart.length === 0 ? [] : [[KEPT_APART, { type: "bundle", entries: new Map(apart) }] as const];
  return new Map<string, BundleValue>([...entries, ...version1, ...kept]);
}

function entriesOf(fields: ConfigFields): readonly Entry[] {
  const flag = (key: keyof ConfigFields, isUnset = false): Entry => {
    const value = fields[key] === true;
    return [key, { type: "boolean", value }, value === isUnset];
  };
  return [
    ["packageName", string(fields.packageName), false],
    ["apkPath", string(fields.apkPath), false],
    ["idsigPath", string(fields.idsigPath), false],
    ["payloadConfigPath", string(fields.payloadConfigPath) ?? { type: "null" }, false],
    ["payloadBinaryPath", string(fields.payloadBinaryName) ?? { type: "null" }, fields.payloadBinaryName === undefined],
    [
      "customImageConfig",
      fields.customImageConfig && { type: "bundle", entries: fields.customImageConfig.bundle },
      false,
    ],
    ["debugLevel", int(fields.debugLevel), false],
    flag("protectedVm"),
    ["cpuTopology", int(fields.cpuTopology), true],
    ["consoleInputDevice", string(fields.consoleInputDevice), false],
    ["memoryBytes", positiveLong(fields.memoryBytes), fields.memoryBytes % 2 ** 20 === 0],
    ["encryptedStorageBytes", positiveLong(fields.encryptedStorageBytes), false],
    flag("vmOutputCaptured", fields.debugLevel === DEBUG_LEVEL_FULL),
    flag("vmConsoleInputSupported"),
    flag("connectVmConsole"),
    flag("networkSupported"),
    flag("shouldBoostUclamp"),
    flag("shouldUseHugepages"),
    flag("shouldRamdump", true),
    ["encryptedStoreMode", int(fields.encryptedStoreMode), fields.encryptedStoreMode === 0],
    ["vendorDiskImagePath", string(fields.vendorDiskImagePath), false],
    ["os", string(fields.os), fields.os === "microdroid"],
    ["extraApks", fields.extraApks.length > 0 ? { type: "string-array", items: fields.extraApks } : undefined, false],
  ];
}

/** Android 13's names: ordinals of NONE, APP_ONLY, FULL; processors by number, 1 or as many as it sees; memory in MiB. */
function version1Entries(fields: ConfigFields): readonly (readonly [string, BundleValue])[] {
  const memoryMib = Math.ceil(fields.memoryBytes / 2 ** 20);
  return [
    ["debugLevel", int(fields.debugLevel === DEBUG_LEVEL_FULL ? 2 : 0)],
    ["numCpus", int(fields.cpuTopology === CPU_TOPOLOGY_MATCH_HOST ? 2 : 1)],
    ...(memoryMib > 0 ? [["memoryMib", int(memoryMib)] as const] : []),
  ];
}

const int = (value: number): BundleValue => ({ type: "int", value });
const string = (value: string | undefined): BundleValue | undefined =>
  value === undefined ? undefined : { type: "string", value };
const positiveLong = (value: number): BundleValue | undefined =>
  value > 0 ? { type: "long", value: BigInt(value) } : undefined;
