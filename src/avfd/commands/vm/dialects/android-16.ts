/**
 * Android 16. The source of its tool is known from a fork of AOSP's main branch only (Droid-VM/Virtualization,
 * android/vm/src/{main,run}.rs, 0b1feef and 15cd2cb), held against the AIDL classes of release 16, which have no host
 * services. A build as that of 15, with the improvements for debuggable VMs and without TEE services.
 */
import type { OptionSpec } from "../command-line/arguments.js";
import { ANDROID_15, since15 } from "./android-15.js";
import type { ToolDialect, VmCommandSpec } from "./dialect.js";
import * as o from "./options.js";

const DEBUG = o.debugLevel(
  "full",
  ["none", "full"],
  'Debug level of the VM. Supported values: "full" (default), and "none"',
);
export const COMMON_16 = [o.NAME, o.cpuTopology(true), o.MEM, o.PROTECTED, o.HUGEPAGES, o.BOOST_UCLAMP];
const DUMP_DEVICE_TREE: OptionSpec = {
  ...{ long: "dump-device-tree", value: "DUMP_DEVICE_TREE" },
  help: "Path to file to dump VM device tree",
};
const ENABLE_EARLYCON: OptionSpec = {
  long: "enable-earlycon",
  help: "Whether to enable earlycon. Only supported for debuggable Linux-based VMs",
};
const DEBUGGING = [DEBUG, o.CONSOLE, o.CONSOLE_IN, o.LOG, o.GDB, ENABLE_EARLYCON, DUMP_DEVICE_TREE];
const OS: OptionSpec = {
  ...{ long: "os", value: "OS", type: { kind: "text" } },
  help: "Version of OS to use. If not set, defaults to microdroid. You can list all available OSes via `vm info` command",
};
const CONSOLE: VmCommandSpec = {
  ...{ name: "console", about: "Connect to the serial console of a VM", options: [] },
  positionals: [{ name: "CID", optional: true, type: { kind: "i32" }, help: "CID of the VM" }],
};

/** What releases from 16 on have in common. */
export function since16(common: readonly OptionSpec[]): ToolDialect["commands"] {
  return [...since15(common, DEBUGGING, [...o.STORAGE, OS]), CONSOLE];
}

export const ANDROID_16: ToolDialect = {
  ...ANDROID_15,
  listFields: ["name", "cid", "temporaryDirectory", "requesterUid", "requesterPid", "hostConsoleName"],
  infoLines: [...ANDROID_15.infoLines, "debug-policy"],
  runApp: { ...ANDROID_15.runApp, growsStorage: true },
  commands: since16(COMMON_16),
};
