/** Random calls of the builder: good and bad values, in any order. */
import { traitsOf, type AndroidRelease } from "../src/base/android-release.js";
import { customImageXml } from "./generate-custom-image.js";
import type {
  BuilderCall,
  GivenCapabilities,
  GivenConfig,
  OracleCase,
} from "../src/virtualmachine/testing/oracle/cases.js";
import type { Random } from "./random.js";

export function builderCase(random: Random, release: AndroidRelease): OracleCase {
  return { kind: "builder", config: anyConfig(random, release), capabilities: capabilities(random) };
}

/** Two configs that differ in one or two calls. */
export function compatibleCase(random: Random, release: AndroidRelease): OracleCase {
  const a = goodConfig(random, release);
  const changed = random.chance(0.1) ? [...a.calls] : replaced(random, a.calls, goodCalls(random, release));
  return { kind: "compatible", a, b: { ...a, calls: changed } };
}

export function capabilities(random: Random): GivenCapabilities {
  return { protectedVm: random.chance(0.9), nonProtectedVm: random.chance(0.9) };
}

/** One that can nearly always be built. */
export function goodConfig(random: Random, release: AndroidRelease): GivenConfig {
  return { packageName: random.pick(["com.example", "com.example", "a"]), calls: goodCalls(random, release) };
}

export function goodCalls(random: Random, release: AndroidRelease): BuilderCall[] {
  const debuggable = random.chance(0.7);
  const optional = optionalCalls(random, release).filter(
    ([name]) =>
      debuggable || !["setVmOutputCaptured", "setVmConsoleInputSupported", "setConnectVmConsole"].includes(name),
  );
  return [
    payloadCall(random),
    ["setProtectedVm", random.chance(0.4)],
    ["setDebugLevel", debuggable ? 1 : 0],
    ...optional.filter(() => random.chance(0.4)),
  ];
}

function payloadCall(random: Random): BuilderCall {
  return random.chance(0.5)
    ? ["setPayloadConfigPath", random.pick(["assets/vm_config.json", "assets/other.json"])]
    : ["setPayloadBinaryName", random.pick(["a.so", "libb.so"])];
}

function optionalCalls(random: Random, release: AndroidRelease): readonly BuilderCall[] {
  const keys: readonly string[] = traitsOf(release).library.configXmlKeys;
  const has = (key: string, ...calls: BuilderCall[]): BuilderCall[] => (keys.includes(key) ? calls : []);
  const positive = (): number => random.pick([1, 4096, 1 << 20, 256 * 2 ** 20, 2 ** 40 + 1]);
  return [
    ["setApkPath", random.pick(["/data/app/a.apk", "/a//b.apk"])],
    ["setMemoryBytes", positive()],
    ["setCpuTopology", random.below(2)],
    ["setEncryptedStorageBytes", positive()],
    ["setVmOutputCaptured", random.chance(0.5)],
    ...has("vmConsoleInputSupported", ["setVmConsoleInputSupported", random.chance(0.5)]),
    ...has("connectVmConsole", ["setConnectVmConsole", random.chance(0.5)]),
    ...has("consoleInputDevice", ["setConsoleInputDevice", random.pick(["ttyS0", "hvc0", "", null])]),
    ...has("vendorDiskImagePath", ["setVendorDiskImage", random.pick(["/a/b", "/a//b/", "rel", "", "/", "//"])]),
    ...has("os", ["setOs", random.pick(["microdroid", "microdroid_gki-android15-6.6", "", "x"])]),
    ...has("networkSupported", ["setNetworkSupported", random.chance(0.3)]),
    ...has("shouldBoostUclamp", ["setShouldBoostUclamp", random.chance(0.5)]),
    ...has("shouldUseHugepages", ["setShouldUseHugepages", random.chance(0.5)]),
    ...has("shouldRamdump", ["setShouldRamdump", random.chance(0.5)]),
    ...has("extraApks", ["addExtraApk", random.pick(["com.other", "com.b", ""])]),
    ...has("customImageConfig", ["setCustomImageConfig", random.chance(0.2) ? null : customImageXml(random, release)]),
  ];
}

const BAD: readonly BuilderCall[] = [
  ["setApkPath", null],
  ["setApkPath", "relative.apk"],
  ["setApkPath", ""],
  ["addExtraApk", null],
  ["setPayloadConfigPath", null],
  ["setPayloadBinaryName", null],
  ["setPayloadBinaryName", "a/b.so"],
  ["setPayloadBinaryName", ""],
  ["setPayloadConfigPath", ""],
  ["setDebugLevel", 2],
  ["setDebugLevel", -1],
  ["setMemoryBytes", 0],
  ["setMemoryBytes", -1],
  ["setCpuTopology", 2],
  ["setEncryptedStorageBytes", 0],
  ["setEncryptedStorageBytes", -4096],
  ["setVendorDiskImage", null],
  ["setOs", null],
];

function anyConfig(random: Random, release: AndroidRelease): GivenConfig {
  const pool = [...BAD.filter(([name]) => isThere(name, release)), ...optionalCalls(random, release)];
  const base = random.chance(0.7) ? goodCalls(random, release) : [];
  const more = random.times(random.below(5), () => random.pick(pool));
  const others: BuilderCall[] = random.chance(0.3) ? [payloadCall(random), ["setDebugLevel", random.below(2)]] : [];
  return { packageName: "com.example", calls: random.shuffled([...base, ...more, ...others]) };
}

function isThere(setter: string, release: AndroidRelease): boolean {
  const keys: readonly string[] = traitsOf(release).library.configXmlKeys;
  const key = { addExtraApk: "extraApks", setVendorDiskImage: "vendorDiskImagePath", setOs: "os" }[setter];
  return key === undefined || keys.includes(key);
}

function replaced(random: Random, calls: readonly BuilderCall[], from: readonly BuilderCall[]): BuilderCall[] {
  const other = random.pick(from);
  return [...calls.filter(([name]) => name !== other[0]), other];
}
