/** VirtualMachineConfig and its builder. */
import { BEFORE_15, EVERY, FROM_13, ONLY_15, constant, different, inFile, outOfScope, present } from "./row.js";
import type { Row, Section } from "./row.js";

const config = inFile("config/config.test.ts");
const xml = inFile("config/xml/config-xml.test.ts");
const HOLDS = config("getters give what was set");
const SINGLE = config("single values are refused when set");
const COMBINED = config("combinations are refused by build(), first rule first");
const OLD_FILE = xml("Android 13's: CPUs, memory and debug level find their successors; certificates are kept");
const RENAMED = "goes by its later name; config.xml files that have it are read";

export const CONFIG: Section = {
  title: "VirtualMachineConfig",
  rows: [
    constant("DEBUG_LEVEL_NONE", 0, "VirtualMachineConfig.DEBUG_LEVEL_NONE"),
    constant("DEBUG_LEVEL_FULL", 1, "VirtualMachineConfig.DEBUG_LEVEL_FULL"),
    constant("CPU_TOPOLOGY_ONE_CPU", 0, "VirtualMachineConfig.CPU_TOPOLOGY_ONE_CPU"),
    constant("CPU_TOPOLOGY_MATCH_HOST", 1, "VirtualMachineConfig.CPU_TOPOLOGY_MATCH_HOST"),
    different(
      "DebugLevel.{NONE, APP_ONLY, FULL}",
      ["13"],
      "VirtualMachineConfig.DEBUG_LEVEL_FULL",
      "15's levels; APP_ONLY in a config.xml is read as FULL, which shows at least as much",
      OLD_FILE,
    ),
    getter("getApkPath", EVERY),
    getter(
      "getExtraApks",
      ONLY_15,
      config("payload config path, order of extra APKs, path of the vendor image, path of the APK"),
    ),
    getter("getPayloadConfigPath", EVERY),
    getter("getPayloadBinaryName"),
    getter(
      "getCustomImageConfig",
      ONLY_15,
      xml("every config reads back as it was written, and writes the same bytes again"),
    ),
    getter("getDebugLevel", FROM_13),
    getter("isProtectedVm", FROM_13),
    getter("getMemoryBytes"),
    getter("getCpuTopology"),
    getter("isEncryptedStorageEnabled"),
    getter("getEncryptedStorageBytes"),
    getter("isVmOutputCaptured"),
    getter("isVmConsoleInputSupported"),
    getter("isConnectVmConsole"),
    getter("getOs"),
    getter("isNetworkSupported"),
    getter("getIdsigPath", ["2021"]),
    different("getMemoryMib(), getNumCpus()", ["13"], "VirtualMachineConfig#getMemoryBytes", RENAMED, OLD_FILE),
    different(
      "isCompatibleWith()",
      ONLY_15,
      "VirtualMachineConfig#isCompatibleWith",
      "compares the console input device by value: Java compares references, so that a config that was loaded is never compatible",
      config("isCompatibleWith"),
    ),
    different(
      "isCompatibleWith()",
      ["13"],
      "VirtualMachineConfig#isCompatibleWith",
      "15's list of fields; certificates of the app are kept in config.xml, not compared",
      config("isCompatibleWith"),
    ),
  ],
};

export const BUILDER: Section = {
  title: "VirtualMachineConfig.Builder",
  rows: [
    present("Builder(Context)", ONLY_15, "VirtualMachineConfig.Builder", config("defaults of Android 15")),
    present(
      "Builder(Context, payloadConfigPath)",
      BEFORE_15,
      "VirtualMachineConfig.Builder",
      config("needs nothing but the payload config"),
    ),
    setter("idsigPath", ["2021"], inFile("run/run.test.ts")("one that was put on the device is used as it is")),
    setter("setApkPath", ONLY_15, SINGLE),
    setter("addExtraApk", ONLY_15, inFile("run/run.test.ts")("extra ones, by package")),
    setter("setPayloadConfigPath", ONLY_15, HOLDS),
    setter("setPayloadBinaryName", ONLY_15, SINGLE),
    setter("setDebugLevel", ONLY_15, SINGLE),
    setter("setProtectedVm", ONLY_15, SINGLE),
    setter("setMemoryBytes", ONLY_15, SINGLE),
    setter("setCpuTopology", ONLY_15, SINGLE),
    setter("setEncryptedStorageBytes", ONLY_15, SINGLE),
    setter("setVmOutputCaptured", ONLY_15, HOLDS),
    setter("setVmConsoleInputSupported", ONLY_15, HOLDS),
    setter("setConnectVmConsole", ONLY_15, HOLDS),
    setter("setConsoleInputDevice", ONLY_15, HOLDS),
    setter("setVendorDiskImage", ONLY_15, HOLDS),
    setter("setOs", ONLY_15, HOLDS),
    setter("setNetworkSupported", ONLY_15, COMBINED),
    setter("setShouldBoostUclamp", ONLY_15, HOLDS),
    different(
      "setCustomImageConfig()",
      ONLY_15,
      "VirtualMachineConfigBuilder#setCustomImageConfig",
      "run by `vm run`; what that cannot carry (display, GPU, input, audio, USB, shared paths) is refused by name when the VM is made",
      inFile("custom-image/custom-image.test.ts")(
        "what the vm tool cannot carry is refused by name, before anything is made",
      ),
    ),
    present("build()", EVERY, "VirtualMachineConfigBuilder#build", COMBINED),
    different("debugLevel()", ["13"], "VirtualMachineConfigBuilder#setDebugLevel", RENAMED, OLD_FILE),
    different("protectedVm()", ["13"], "VirtualMachineConfigBuilder#setProtectedVm", RENAMED, OLD_FILE),
    different("memoryMib()", ["13"], "VirtualMachineConfigBuilder#setMemoryBytes", RENAMED, OLD_FILE),
    different(
      "numCpus()",
      ["13"],
      "VirtualMachineConfigBuilder#setCpuTopology",
      "one CPU or as many as the device has, as in 15; any number but 1 in a config.xml reads as MATCH_HOST",
      OLD_FILE,
    ),
    outOfScope("cpuAffinity()", ["13"], "gone in 15, and never written to config.xml"),
  ],
};

function getter(name: string, releases = ONLY_15, proof = HOLDS): Row {
  return present(`${name}()`, releases, `VirtualMachineConfig#${name}`, proof);
}

function setter(name: string, releases: Row["releases"], proof: typeof HOLDS): Row {
  return present(`${name}()`, releases, `VirtualMachineConfigBuilder#${name}`, proof);
}
