/**
 * The `vm` tool since Android 14, written after that of 15 (lineage-22.0, vm/src/{main,run}.rs): all print the same lines, and
 * say in their help what they take.
 */
import type { ToolAbilities } from "../abilities/parse-help.js";
import { runOptionArguments } from "../abilities/run-options.js";
import type { AppVmConfig } from "../contract.js";
import { deathReasonFromRust, errorCode } from "./codes.js";
import { parseCreated, parsePayloadLine, type Dialect, type RunFiles, type ToolLine } from "./dialect.js";
import { option } from "./option.js";

export const since14: Dialect = {
  release: 15,
  payloadOutputOnStdout: false,
  runAppArguments,
  parseLine,
};

function runAppArguments(config: AppVmConfig, files: RunFiles, tool: ToolAbilities): readonly string[] {
  return [
    "run-app",
    ...option("--name", config.name),
    ...option("--debug", config.debugLevel),
    ...option("--console", files.consolePath),
    ...option("--log", files.logPath),
    ...option("--cpu-topology", topology(config)),
    ...(config.memoryMib === undefined ? [] : option("--mem", config.memoryMib)),
    ...(config.protectedVm ? ["--protected"] : []),
    ...(config.hugePages === true ? ["--hugepages"] : []),
    ...(config.networkSupported ? ["--network-supported"] : []),
    ...(files.gdbPort === undefined ? [] : option("--gdb", files.gdbPort)),
    ...(config.instanceIdPath === undefined ? [] : option("--instance-id-file", config.instanceIdPath)),
    ...(config.encryptedStorage
      ? [
          ...option("--storage", config.encryptedStorage.path),
          ...option("--storage-size", config.encryptedStorage.sizeBytes),
        ]
      : []),
    ...(config.vendorImagePath === undefined ? [] : option("--vendor", config.vendorImagePath)),
    ...guestOs(config, tool),
    ...runOptionArguments(config),
    ...(config.payload.kind === "config"
      ? option("--config-path", config.payload.configPath)
      : option("--payload-binary-name", config.payload.binaryName)),
    // With a config file the tool reads the extra APKs from it and refuses them here; their idsigs it needs either way.
    ...config.extraApks.flatMap(({ apkPath, idsigPath }) => [
      ...(config.payload.kind === "config" ? [] : option("--extra-apk", apkPath)),
      ...option("--extra-idsig", idsigPath),
    ]),
    config.apkPath,
    config.idsigPath,
    config.instanceImagePath,
  ];
}

function topology({ cpuTopology }: AppVmConfig): string {
  return typeof cpuTopology === "object" ? `cpu_count=${cpuTopology.count}` : cpuTopology;
}

/** `--os NAME` since Android 16; before, `--gki VERSION` for the kernels that it names. */
function guestOs({ osName }: AppVmConfig, { runApp }: ToolAbilities): readonly string[] {
  if (osName === "microdroid") return [];
  return runApp.has("--os") ? option("--os", osName) : option("--gki", osName.replace(/^microdroid_gki-/, ""));
}

function parseLine(stream: "stdout" | "stderr", line: string): ToolLine | undefined {
  if (stream === "stdout") {
    const reason = /^VM ended: (.+)$/.exec(line)?.[1];
    return reason === undefined ? parseCreated(line) : { kind: "ended", reason: deathReasonFromRust(reason) };
  }
  const error = /^VM encountered an error: code=(.*?), message=([^]*)$/.exec(line);
  if (error) return { kind: "error", code: errorCode(error[1] ?? ""), message: error[2] ?? "" };
  return parsePayloadLine(line);
}
