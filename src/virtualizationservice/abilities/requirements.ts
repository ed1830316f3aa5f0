/** What a configuration asks of the `vm` tool, held against what the tool takes: before anything is made or started. */
import { UsageError } from "../../base/errors.js";
import type { AppVmConfig, CommonVmConfig, RawVmConfig, VmConfig } from "../contract.js";
import type { ToolAbilities } from "./parse-help.js";
import { asksFor, isTaken, RUN_OPTIONS, type RunCommand } from "./run-options.js";

/** Throws for the first thing that the tool cannot do. */
export function requireAbilities(serial: string, config: VmConfig, tool: ToolAbilities): void {
  const lacking = "image" in config ? lackingOf(RAW_DEMANDS, config, tool) : lackingOf(DEMANDS, config, tool);
  if (lacking === undefined) return;
  throw new UsageError("NOT_ON_THIS_RELEASE", `The vm tool of ${serial} runs no VM with ${lacking.what}.`, {
    hint: lacking.hint ?? `leave it out of the configuration, or use another device: ${seeHelp(serial, config)}`,
  });
}

function lackingOf<C extends VmConfig>(
  demands: readonly Demand<C>[],
  config: C,
  tool: ToolAbilities,
): { readonly what: string; readonly hint: string | undefined } | undefined {
  const lacking = demands.find(({ asks, has }) => asks(config) && !has(tool, config));
  return lacking && { what: lacking.what(config), hint: lacking.hint };
}

interface Demand<C> {
  readonly asks: (config: C) => boolean;
  readonly has: (tool: ToolAbilities, config: C) => boolean;
  readonly what: (config: C) => string;
  readonly hint?: string;
}

/** @param option of `run-app` that it takes */
function demand(what: string, option: string, asks: Demand<AppVmConfig>["asks"]): Demand<AppVmConfig> {
  return { what: () => `${what} (it has no ${option})`, asks, has: ({ runApp }) => runApp.has(option) };
}

function optionDemands(command: RunCommand, itHas: string): readonly Demand<CommonVmConfig>[] {
  return RUN_OPTIONS.map((row) => ({
    asks: (config) => asksFor(row, config),
    has: (tool) => isTaken(row, command, tool),
    what: () => `${row.noun} (${itHas} no ${row.flag})`,
  }));
}

const MICRODROID = "microdroid";
const GKI = /^microdroid_gki-./;

const DEMANDS: readonly Demand<AppVmConfig>[] = [
  {
    ...demand("a payload binary name", "--payload-binary-name", ({ payload }) => payload.kind === "binary"),
    hint: "give the payload by a config file in the APK",
  },
  demand("encrypted storage", "--storage", (config) => config.encryptedStorage !== undefined),
  demand("an instance id", "--instance-id-file", (config) => config.instanceIdPath !== undefined),
  {
    asks: (config) => config.instanceIdPath === undefined,
    has: ({ required }) => !required.has("--instance-id-file"),
    what: () => "no instance id (it demands --instance-id-file)",
    hint: "make the VM again: it was made for a device without instance ids",
  },
  demand("a vendor image", "--vendor", (config) => config.vendorImagePath !== undefined),
  demand("a network", "--network-supported", (config) => config.networkSupported),
  demand("console input", "--console-in", (config) => config.consoleInput),
  demand("huge pages", "--hugepages", (config) => config.hugePages === true),
  demand("a gdb stub", "--gdb", (config) => config.gdb === true),
  ...optionDemands("run-app", "it has"),
  demand(
    "extra APKs by path",
    "--extra-apk",
    ({ payload, extraApks }) => payload.kind === "binary" && extraApks.length > 0,
  ),
  {
    asks: ({ osName }) => osName !== MICRODROID,
    has: ({ runApp }, { osName }) => runApp.has("--os") || (runApp.has("--gki") && GKI.test(osName)),
    what: ({ osName }) => `the OS ${osName}`,
  },
  {
    asks: ({ cpuTopology }) => typeof cpuTopology === "object",
    has: ({ runApp, cpuCounts }) => cpuCounts || runApp.has("--cpus"),
    what: () => "a number of CPUs (its --cpu-topology takes no cpu_count=N)",
  },
];

/** The same of `vm run`. */
const RAW_DEMANDS: readonly Demand<RawVmConfig>[] = [
  { asks: () => true, has: ({ run }) => run.has("--console"), what: () => "a kernel of its own (it has no vm run)" },
  ...(
    [
      ["console input", "--console-in", ({ consoleInput }) => consoleInput],
      ["huge pages", "--hugepages", ({ hugePages }) => hugePages === true],
      ["a gdb stub", "--gdb", (config) => config.gdb === true],
      ["a network", "--network-supported", ({ networkSupported }) => networkSupported],
    ] satisfies [string, string, (config: RawVmConfig) => boolean][]
  ).map(([what, option, asks]) => ({
    ...{ asks, has: ({ run }: ToolAbilities) => run.has(option) },
    what: () => `${what} (vm run has no ${option})`,
  })),
  ...optionDemands("run", "vm run has"),
  {
    asks: ({ cpuTopology }) => typeof cpuTopology === "object",
    has: ({ run, cpuCounts }) => cpuCounts || run.has("--cpus"),
    what: () => "a number of CPUs (its --cpu-topology takes no cpu_count=N)",
  },
];

function seeHelp(serial: string, config: VmConfig): string {
  return `adb -s ${serial} shell vm ${"image" in config ? "run" : "run-app"} --help`;
}
