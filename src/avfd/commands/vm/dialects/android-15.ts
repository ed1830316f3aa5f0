/**
 * Android 15 (lineage-22.0, vm/src/{main,run}.rs; clap 4). A build with LLPVM_CHANGES and MULTI_TENANT, and without network,
 * vendor modules and device assignment, whose options it therefore lacks.
 */
import type { OptionSpec } from "../command-line/arguments.js";
import type { ToolDialect } from "./dialect.js";
import * as o from "./options.js";

const DEBUG = o.debugLevel(
  "full",
  ["none", "full"],
  'Debug level of the VM. Supported values: "full" (default), and "none"',
);
const COMMON = [o.NAME, o.cpuTopology(false), o.MEM, o.PROTECTED, o.HUGEPAGES, o.BOOST_UCLAMP];
const DEBUGGING = [DEBUG, o.CONSOLE, o.CONSOLE_IN, o.LOG, o.GDB];

/** What releases from 15 on have in common. */
export function since15(
  common: readonly OptionSpec[],
  debugging: readonly OptionSpec[],
  microdroid: readonly OptionSpec[],
): ToolDialect["commands"] {
  return [
    o.CHECK_FEATURE_ENABLED,
    {
      ...o.RUN_APP,
      positionals: o.APP_FILES,
      options: [
        ...[...common, ...debugging, ...microdroid],
        ...[o.INSTANCE_ID_FILE, o.CONFIG_PATH, o.PAYLOAD_BINARY_NAME, o.EXTRA_APK, o.EXTRA_IDSIG],
      ],
    },
    { ...o.RUN_MICRODROID, positionals: [], options: [...common, ...debugging, ...microdroid, o.WORK_DIR] },
    { ...o.RUN, positionals: [o.CONFIG], options: [...common, ...debugging] },
    o.LIST,
    o.INFO,
    o.CREATE_PARTITION,
    o.CREATE_IDSIG,
  ];
}

export const ANDROID_15: ToolDialect = {
  clap: 4,
  plainVms: "non-protected",
  listFields: ["cid", "temporaryDirectory", "requesterUid", "requesterPid"],
  infoLines: ["vfio", "vfio-platform", "assignable-devices", "os-list"],
  runApp: {
    ...{ consoleInput: true, consoleFile: "console output file", tellsDebuggable: true },
    ...{ payloadListsExtraApks: true, alwaysCustom: true, growsStorage: false },
  },
  commands: since15(COMMON, DEBUGGING, o.STORAGE),
};
