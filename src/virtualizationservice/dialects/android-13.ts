/** The `vm` tool of Android 13 (lineage-20.0, vm/src/{main,run}.rs). */
import { runOptionArguments } from "../abilities/run-options.js";
import type { AppVmConfig, DeathReason } from "../contract.js";
import { deathReason, errorCode } from "./codes.js";
import { parseCreated, parsePayloadLine, type Dialect, type RunFiles, type ToolLine } from "./dialect.js";
import { option } from "./option.js";

export const android13: Dialect = {
  release: 13,
  payloadOutputOnStdout: true,
  runAppArguments,
  parseLine,
};

/** Attached, never with `--daemonize`: a VM of ours ends with the connection that started it. */
function runAppArguments(config: AppVmConfig, files: RunFiles): readonly string[] {
  return [
    "run-app",
    ...option("--debug", config.debugLevel),
    ...option("--console", files.consolePath),
    ...option("--log", files.logPath),
    ...option("--cpus", cpuCount(config, files)),
    ...(config.memoryMib === undefined ? [] : option("--mem", config.memoryMib)),
    ...(config.protectedVm ? ["--protected"] : []),
    ...runOptionArguments(config),
    ...config.extraApks.flatMap(({ idsigPath }) => option("--extra-idsig", idsigPath)),
    // Options that may be repeated take all that follows, up to here.
    "--",
    config.apkPath,
    config.idsigPath,
    config.instanceImagePath,
    config.payload.kind === "config" ? config.payload.configPath : "",
  ];
}

const DEATHS: ReadonlyMap<string, DeathReason> = new Map([
  ["Error waiting for VM to finish.", deathReason("INFRASTRUCTURE_ERROR")],
  ["VM was killed.", deathReason("KILLED")],
  ["VM died for an unknown reason.", deathReason("UNKNOWN")],
  ["VM shutdown cleanly.", deathReason("SHUTDOWN")],
  ["Error starting VM.", deathReason("START_FAILED")],
  ["VM tried to reboot, possibly due to a kernel panic.", deathReason("REBOOT")],
  ["VM crashed.", deathReason("CRASH")],
  ["VM died for an unrecognised reason.", { kind: "unrecognised", raw: "VM died for an unrecognised reason." }],
]);

function parseLine(stream: "stdout" | "stderr", line: string): ToolLine | undefined {
  if (stream === "stdout") {
    if (/^Started VM, state now [A-Z_]+\.$/.test(line)) return { kind: "starting" };
    const reason = DEATHS.get(line);
    return reason ? { kind: "ended", reason } : parseCreated(line);
  }
  if (line === "VirtualizationService unexpectedly died") {
    return { kind: "ended", reason: deathReason("VIRTUALIZATION_SERVICE_DIED") };
  }
  const error = /^VM encountered an error: code=(-?\d+), message=([^]*)$/.exec(line);
  if (error) return { kind: "error", code: errorCode(error[1] ?? ""), message: error[2] ?? "" };
  return parsePayloadLine(line);
}

function cpuCount({ cpuTopology }: AppVmConfig, files: RunFiles): number {
  if (typeof cpuTopology === "object") return cpuTopology.count;
  return cpuTopology === "match_host" ? files.cpuCount : 1;
}
