/** Options and sub-commands that several releases share. Texts are those of the tool's help. */
import type { OptionSpec, PositionalSpec } from "../command-line/arguments.js";
import type { VmCommandSpec } from "./dialect.js";

export const NAME: OptionSpec = { long: "name", value: "NAME", type: { kind: "text" }, help: "Name of VM" };
export const MEM: OptionSpec = {
  ...{ long: "mem", short: "m", value: "MEM", type: { kind: "u32" } },
  help: "Memory size (in MiB) of the VM. If unspecified, defaults to the value of `memory_mib` in the VM config file",
};
export const PROTECTED: OptionSpec = { long: "protected", short: "p", help: "Run VM in protected mode" };
// Hints about how fast a VM is to be do nothing here: its monitor runs on a processor that is emulated, in a kernel without uclamp.
export const HUGEPAGES: OptionSpec = {
  ...{ long: "hugepages", short: "h", effect: "none" },
  help:
    "Ask the kernel for transparent huge-pages (THP). This is only a hint and the kernel will allocate THP-backed memory " +
    "only if globally enabled by the system and if any can be found. See " +
    "https://docs.kernel.org/admin-guide/mm/transhuge.html",
};
export const BOOST_UCLAMP: OptionSpec = {
  ...{ long: "boost-uclamp", short: "b", effect: "none" },
  help: "Boost uclamp to stablise results for benchmarks",
};
export const TASK_PROFILES: OptionSpec = {
  ...{ long: "task-profiles", value: "TASK_PROFILES", repeatable: true, type: { kind: "text" }, effect: "none" },
  help: "Comma separated list of task profile names to apply to the VM",
};
export const CONSOLE: OptionSpec = { long: "console", value: "CONSOLE", help: "Path to file for VM console output" };
export const CONSOLE_IN: OptionSpec = {
  ...{ long: "console-in", value: "CONSOLE_IN" },
  help: "Path to file for VM console input",
};
export const LOG: OptionSpec = { long: "log", value: "LOG", help: "Path to file for VM log output" };
export const GDB: OptionSpec = {
  ...{ long: "gdb", value: "GDB", type: { kind: "nonzero-u16" } },
  help:
    "Port at which crosvm will start a gdb server to debug guest kernel. Note: this is only supported on Android kernels " +
    "android14-5.15 and higher",
};
export const STORAGE: readonly OptionSpec[] = [
  {
    ...{ long: "storage", value: "STORAGE" },
    help: "Path to the file backing the storage. Created if the option is used but the path does not exist in the device",
  },
  {
    ...{ long: "storage-size", value: "STORAGE_SIZE", type: { kind: "u64" } },
    help: "Size of the storage. Used only if --storage is supplied but path does not exist Default size is 10*1024*1024",
  },
];
export const CONFIG_PATH: OptionSpec = {
  ...{ long: "config-path", value: "CONFIG_PATH", type: { kind: "text" } },
  help: "Path to VM config JSON within APK (e.g. assets/vm_config.json)",
};
export const PAYLOAD_BINARY_NAME: OptionSpec = {
  ...{ long: "payload-binary-name", aliases: ["payload_path"], value: "PAYLOAD_BINARY_NAME", type: { kind: "text" } },
  help: "Name of VM payload binary within APK (e.g. MicrodroidTestNativeLib.so)",
};
export const INSTANCE_ID_FILE: OptionSpec = {
  ...{ long: "instance-id-file", value: "INSTANCE_ID", required: true },
  help: "Path to file containing instance_id. Required iff llpvm feature is enabled",
};
export const EXTRA_APK: OptionSpec = {
  ...{ long: "extra-apk", value: "EXTRA_APKS", repeatable: true, conflictsWith: ["config-path"] },
  help: "Paths to extra apk files",
};
export const EXTRA_IDSIG: OptionSpec = {
  ...{ long: "extra-idsig", value: "EXTRA_IDSIGS", repeatable: true },
  help: "Paths to extra idsig files",
};
export const WORK_DIR: OptionSpec = {
  ...{ long: "work-dir", value: "WORK_DIR" },
  help:
    "Path to the directory where VM-related files (e.g. instance.img, apk.idsig, etc.) will be stored. If not specified a " +
    "random directory under /data/local/tmp/microdroid will be created and used",
};

/** @param counts whether it takes `cpu_count=N` as well */
export function cpuTopology(counts: boolean): OptionSpec {
  return {
    ...{ long: "cpu-topology", value: "CPU_TOPOLOGY", defaultValue: "one_cpu" },
    type: { kind: "word", what: "cpu topology", words: ["one_cpu", "match_host"], counts },
    help: "Run VM with vCPU topology matching that of the host. If unspecified, defaults to 1 vCPU",
  };
}

/** @param help of which the default is a part, as it differs between sub-commands */
export function debugLevel(defaultValue: "none" | "full", levels: readonly string[], help: string): OptionSpec {
  return {
    ...{ long: "debug", value: "DEBUG", defaultValue, help },
    type: { kind: "word", what: "debug level", words: levels },
  };
}

export const APP_FILES: readonly PositionalSpec[] = [
  { name: "APK", help: "Path to VM Payload APK" },
  { name: "IDSIG", help: "Path to idsig of the APK" },
  { name: "INSTANCE", help: "Path to the instance image. Created if not exists" },
];
export const CONFIG: PositionalSpec = { name: "CONFIG", help: "Path to VM config JSON" };

export const RUN_APP = { name: "run-app", about: "Run a virtual machine with a config in APK" } as const;
export const RUN_MICRODROID = {
  name: "run-microdroid",
  about: "Run a virtual machine with Microdroid inside",
} as const;
export const RUN = { name: "run", about: "Run a virtual machine" } as const;
export const CHECK_FEATURE_ENABLED: VmCommandSpec = {
  ...{ name: "check-feature-enabled", about: "Check if the feature is enabled on device" },
  ...{ positionals: [{ name: "FEATURE", type: { kind: "text" } }], options: [] },
};
export const LIST: VmCommandSpec = {
  ...{ name: "list", about: "List running virtual machines", positionals: [], options: [] },
};
export const INFO: VmCommandSpec = {
  ...{ name: "info", about: "Print information about virtual machine support", positionals: [], options: [] },
};
export const CREATE_PARTITION: VmCommandSpec = {
  name: "create-partition",
  about: "Create a new empty partition to be used as a writable partition for a VM",
  positionals: [
    { name: "PATH", help: "Path at which to create the image file" },
    { name: "SIZE", type: { kind: "u64" }, help: "The desired size of the partition, in bytes" },
  ],
  options: [
    {
      ...{ long: "type", short: "t", value: "PARTITION_TYPE", defaultValue: "raw", help: "Type of the partition" },
      type: { kind: "word", what: "partition type", words: ["raw", "instance"] },
    },
  ],
};
export const CREATE_IDSIG: VmCommandSpec = {
  name: "create-idsig",
  about: "Creates or update the idsig file by digesting the input APK file",
  positionals: [
    { name: "APK", help: "Path to VM Payload APK" },
    { name: "PATH", help: "Path to idsig of the APK" },
  ],
  options: [],
};
