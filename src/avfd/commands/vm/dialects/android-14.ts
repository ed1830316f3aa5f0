/**
 * Android 14 (AOSP's vm/src/{main,run}.rs of spring 2023, the state that goes with the AIDL classes of release 14: a `gdbPort` and
 * `taskProfiles`, no custom configuration, no console input; clap 4.1.8).
 */
import type { OptionSpec } from "../command-line/arguments.js";
import type { ToolDialect } from "./dialect.js";
import * as o from "./options.js";

const debug = (defaultValue: "none" | "full"): OptionSpec =>
  o.debugLevel(defaultValue, ["none", "full"], 'Debug level of the VM. Supported values: "none" (default), and "full"');

export const ANDROID_14: ToolDialect = {
  clap: 4,
  plainVms: "non-protected",
  listFields: ["cid", "temporaryDirectory", "requesterUid", "requesterPid"],
  infoLines: [],
  runApp: {
    ...{ consoleInput: false, consoleFile: "console file", tellsDebuggable: false },
    ...{ payloadListsExtraApks: false, alwaysCustom: false, growsStorage: false },
  },
  commands: [
    {
      ...o.RUN_APP,
      positionals: o.APP_FILES,
      options: [
        ...[o.CONFIG_PATH, o.PAYLOAD_BINARY_NAME, o.NAME, ...o.STORAGE, o.CONSOLE, o.LOG, debug("none")],
        ...[o.PROTECTED, o.MEM, o.cpuTopology(false), o.TASK_PROFILES, o.EXTRA_IDSIG, o.GDB],
      ],
    },
    {
      ...o.RUN_MICRODROID,
      positionals: [],
      options: [
        ...[o.WORK_DIR, o.NAME, ...o.STORAGE, o.CONSOLE, o.LOG, debug("full")],
        ...[o.PROTECTED, o.MEM, o.cpuTopology(false), o.TASK_PROFILES, o.GDB],
      ],
    },
    {
      ...o.RUN,
      positionals: [o.CONFIG],
      options: [o.NAME, o.cpuTopology(false), o.TASK_PROFILES, o.CONSOLE, o.LOG, o.GDB],
    },
    o.LIST,
    o.INFO,
    o.CREATE_PARTITION,
    o.CREATE_IDSIG,
  ],
};
