/** Android 13 (lineage-20.0, vm/src/{main,run}.rs; clap 2.33.3 by way of structopt). */
import type { OptionSpec } from "../command-line/arguments.js";
import type { ToolDialect } from "./dialect.js";
import * as o from "./options.js";

const DAEMONIZE: OptionSpec = {
  ...{ long: "daemonize", short: "d" },
  help: "Detach VM from the terminal and run in the background",
};
const CPUS: OptionSpec = {
  ...{ long: "cpus", value: "cpus", type: { kind: "u32" } },
  help: "Number of vCPUs in the VM. If unspecified, defaults to 1",
};
const AFFINITY = "Host CPUs where vCPUs are run on. If unspecified, vCPU runs on any host CPU";
const AFFINITY_FORMS =
  '. The format can be either a comma-separated list of CPUs or CPU ranges to run vCPUs on (e.g. "0,1-3,5" to choose ' +
  "host CPUs 0, 1, 2, 3, and 5, or a colon-separated list of assignments of vCPU-to-host-CPU assignments e.g. " +
  '"0=0:1=1:2=2" to map vCPU 0 to host CPU 0 and so on';
const cpuAffinity = (help: string): OptionSpec => ({
  long: "cpu-affinity",
  value: "cpu-affinity",
  type: { kind: "text" },
  effect: "none",
  help,
});
/** Of structopt: the field's name with dashes, as it is. */
const named = (option: OptionSpec, value: string): OptionSpec => ({ ...option, value });

const CONSOLE = named(o.CONSOLE, "console");
const LOG = named(o.LOG, "log");
const TASK_PROFILES = named(o.TASK_PROFILES, "task-profiles");

export const ANDROID_13: ToolDialect = {
  clap: 2,
  plainVms: "unprotected",
  listFields: ["cid", "temporaryDirectory", "requesterUid", "requesterSid", "requesterPid", "state"],
  infoLines: [],
  runApp: {
    ...{ consoleInput: false, consoleFile: "console file", tellsDebuggable: false },
    ...{ payloadListsExtraApks: false, alwaysCustom: false, growsStorage: false },
  },
  commands: [
    {
      ...o.RUN_APP,
      positionals: [
        { name: "apk", help: "Path to VM Payload APK" },
        { name: "idsig", help: "Path to idsig of the APK" },
        { name: "instance", help: "Path to the instance image. Created if not exists" },
        { name: "config-path", help: "Path to VM config JSON within APK (e.g. assets/vm_config.json)" },
      ],
      options: [
        DAEMONIZE,
        CONSOLE,
        LOG,
        named(
          o.debugLevel(
            "none",
            ["none", "app_only", "full"],
            'Debug level of the VM. Supported values: "none" (default), "app_only", and "full"',
          ),
          "debug",
        ),
        o.PROTECTED,
        named(o.MEM, "mem"),
        CPUS,
        cpuAffinity(AFFINITY),
        TASK_PROFILES,
        named(o.EXTRA_IDSIG, "extra-idsigs"),
      ],
    },
    {
      ...o.RUN,
      positionals: [{ name: "config", help: "Path to VM config JSON" }],
      options: [DAEMONIZE, CPUS, cpuAffinity(AFFINITY + AFFINITY_FORMS), TASK_PROFILES, CONSOLE, LOG],
    },
    {
      ...{ name: "stop", about: "Stop a virtual machine running in the background", options: [] },
      positionals: [{ name: "cid", type: { kind: "u32" }, help: "CID of the virtual machine" }],
    },
    o.LIST,
    o.INFO,
    {
      ...o.CREATE_PARTITION,
      positionals: o.CREATE_PARTITION.positionals.map((one) => ({ ...one, name: one.name.toLowerCase() })),
      options: o.CREATE_PARTITION.options.map((one) => named(one, "partition-type")),
    },
    {
      ...o.CREATE_IDSIG,
      positionals: o.CREATE_IDSIG.positionals.map((one) => ({ ...one, name: one.name.toLowerCase() })),
    },
  ],
};
