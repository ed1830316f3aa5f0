/** Arguments of `vm run`, of each release: its help says which of them the tool takes. */
import type { ToolAbilities } from "../abilities/parse-help.js";
import { runOptionArguments } from "../abilities/run-options.js";
import type { RawVmConfig } from "../contract.js";
import type { RunFiles } from "../dialects/dialect.js";
import { option } from "../dialects/option.js";

/** After `vm`, for a configuration whose demands the tool meets. */
export function runArguments(
  config: RawVmConfig,
  files: RunFiles & { readonly configPath: string },
  { run }: Pick<ToolAbilities, "run">,
): readonly string[] {
  const { cpuTopology } = config;
  const whereTaken = (name: string, value: string | number): readonly string[] =>
    run.has(name) ? option(name, value) : [];
  const cpus = typeof cpuTopology === "object" ? cpuTopology.count : cpuTopology === "one_cpu" ? 1 : files.cpuCount;
  return [
    "run",
    ...whereTaken("--name", config.name),
    ...whereTaken("--debug", config.debugLevel),
    ...option("--console", files.consolePath),
    ...option("--log", files.logPath),
    ...(run.has("--cpu-topology")
      ? option("--cpu-topology", typeof cpuTopology === "object" ? `cpu_count=${cpuTopology.count}` : cpuTopology)
      : whereTaken("--cpus", cpus)),
    ...(config.hugePages === true ? ["--hugepages"] : []),
    ...(config.networkSupported ? ["--network-supported"] : []),
    ...runOptionArguments(config),
    ...(files.gdbPort === undefined ? [] : option("--gdb", files.gdbPort)),
    // An option of Android 13 that may be repeated takes all that follows, up to here.
    ...(run.has("--cpus") ? ["--"] : []),
    files.configPath,
  ];
}
