/** What each subcommand of `vm` takes, by release (AOSP vm/src/main.rs). */
import type { AndroidRelease } from "../../releases.js";
import type { CommandSpec, OptionSpec } from "./arguments.js";

export type VmCommandName =
  | "check-feature-enabled"
  | "run-app"
  | "run-microdroid"
  | "run"
  | "stop"
  | "list"
  | "info"
  | "create-partition"
  | "create-idsig";

const U32_MAX = 0xffff_ffff;

/** Rust's own words for numbers that are none. */
function integer(max: number | bigint, nonZero = false): (value: string) => string | undefined {
  return (value) => {
    if (value === "") return "cannot parse integer from empty string";
    if (!/^\+?\d+$/.test(value)) return "invalid digit found in string";
    if (BigInt(value) > BigInt(max)) return "number too large to fit in target type";
    if (nonZero && BigInt(value) === 0n) return "number would be zero for non-zero type";
    return undefined;
  };
}

function oneOf(what: string, allowed: readonly string[]): (value: string) => string | undefined {
  return (value) => (allowed.includes(value) ? undefined : `Invalid ${what} ${value}`);
}

const u32 = integer(U32_MAX);
const u64 = integer(2n ** 64n - 1n);

const DEBUG_15: readonly OptionSpec[] = [
  { long: "debug", value: "DEBUG", check: oneOf("debug level", ["none", "full"]) },
  { long: "console", value: "CONSOLE" },
  { long: "console-in", value: "CONSOLE_IN" },
  { long: "log", value: "LOG" },
  { long: "gdb", value: "GDB", check: integer(65_535, true) },
];

const COMMON_15: readonly OptionSpec[] = [
  { long: "name", value: "NAME" },
  { long: "cpu-topology", value: "CPU_TOPOLOGY", check: oneOf("cpu topology", ["one_cpu", "match_host"]) },
  { long: "mem", short: "m", value: "MEM", check: u32 },
  { long: "protected", short: "p" },
  { long: "hugepages", short: "h" },
  { long: "boost-uclamp", short: "b" },
];

const MICRODROID_15: readonly OptionSpec[] = [
  { long: "storage", value: "STORAGE" },
  { long: "storage-size", value: "STORAGE_SIZE", check: u64 },
];

const RUN_APP_15: readonly OptionSpec[] = [
  // Devices whose build has instance ids demand it. Here it may be left out, so that commands for older builds work: the
  // images of two VMs of one payload are not told apart then.
  { long: "instance-id-file", value: "INSTANCE_ID" },
  { long: "config-path", value: "CONFIG_PATH" },
  { long: "payload-binary-name", aliases: ["payload_path"], value: "PAYLOAD_BINARY_NAME" },
  { long: "extra-apk", value: "EXTRA_APK", repeatable: true, conflictsWith: ["config-path"] },
  { long: "extra-idsig", value: "EXTRA_IDSIG", repeatable: true },
];

const CPUS_13: readonly OptionSpec[] = [
  { long: "cpus", value: "CPUS", check: u32 },
  { long: "cpu-affinity", value: "CPU_AFFINITY" },
  { long: "task-profiles", value: "TASK_PROFILES", repeatable: true },
];

const DAEMONIZE_13: readonly OptionSpec[] = [
  { long: "daemonize", short: "d" },
  { long: "console", value: "CONSOLE" },
  { long: "log", value: "LOG" },
];

const APP_FILES = [{ name: "APK" }, { name: "IDSIG" }, { name: "INSTANCE" }];
const LIST = { name: "list", about: "List running virtual machines", positionals: [], options: [], shortHelp: true };
const INFO = {
  name: "info",
  about: "Print information about virtual machine support",
  positionals: [],
  options: [],
  shortHelp: true,
};
const PARTITION_TYPE: OptionSpec = {
  long: "type",
  short: "t",
  value: "PARTITION_TYPE",
  check: oneOf("partition type", ["raw", "instance"]),
};
const CREATE_PARTITION = {
  name: "create-partition",
  about: "Create a new empty partition to be used as a writable partition for a VM",
  positionals: [{ name: "PATH" }, { name: "SIZE", check: u64 }],
  options: [PARTITION_TYPE],
  shortHelp: true,
};
const CREATE_IDSIG = {
  name: "create-idsig",
  about: "Creates or update the idsig file by digesting the input APK file",
  positionals: [{ name: "APK" }, { name: "PATH" }],
  options: [],
  shortHelp: true,
};

const SPECS: Readonly<Record<AndroidRelease, readonly CommandSpec[]>> = {
  15: [
    {
      name: "check-feature-enabled",
      about: "Check if the given feature is enabled on device",
      positionals: [{ name: "FEATURE" }],
      options: [],
      shortHelp: true,
    },
    {
      name: "run-app",
      about: "Run a virtual machine with a config in APK",
      positionals: APP_FILES,
      options: [...COMMON_15, ...DEBUG_15, ...MICRODROID_15, ...RUN_APP_15],
      shortHelp: false,
    },
    {
      name: "run-microdroid",
      about: "Run a virtual machine with Microdroid inside",
      positionals: [],
      options: [...COMMON_15, ...DEBUG_15, ...MICRODROID_15, { long: "work-dir", value: "WORK_DIR" }],
      shortHelp: false,
    },
    {
      name: "run",
      about: "Run a virtual machine",
      positionals: [{ name: "CONFIG" }],
      options: [...COMMON_15, ...DEBUG_15],
      shortHelp: false,
    },
    LIST,
    INFO,
    CREATE_PARTITION,
    CREATE_IDSIG,
  ],
  13: [
    {
      name: "run-app",
      about: "Run a virtual machine with a config in APK",
      positionals: [...APP_FILES, { name: "CONFIG_PATH" }],
      options: [
        { long: "name", value: "NAME" },
        ...DAEMONIZE_13,
        { long: "debug", value: "DEBUG", check: oneOf("debug level", ["none", "app_only", "full"]) },
        { long: "protected", short: "p" },
        { long: "mem", short: "m", value: "MEM", check: u32 },
        ...CPUS_13,
        { long: "extra-idsig", value: "EXTRA_IDSIG", repeatable: true },
      ],
      shortHelp: true,
    },
    {
      name: "run",
      about: "Run a virtual machine",
      positionals: [{ name: "CONFIG" }],
      options: [...DAEMONIZE_13, ...CPUS_13],
      shortHelp: true,
    },
    {
      name: "stop",
      about: "Stop a virtual machine running in the background",
      positionals: [{ name: "CID", check: u32 }],
      options: [],
      shortHelp: true,
    },
    LIST,
    INFO,
    CREATE_PARTITION,
    CREATE_IDSIG,
  ],
};

/** In the order of the tool's help. */
export function vmCommandSpecs(release: AndroidRelease): readonly CommandSpec[] {
  return SPECS[release];
}
