/** Values of a configuration that no tool would take, refused before anything is asked of the device. */
import { UsageError } from "../../base/errors.js";
import type { AppVmConfig, VmConfig } from "../contract.js";
import { pathsOf } from "../raw/raw-config.js";
import { checkDevicePath } from "../tool.js";
import { RUN_OPTIONS } from "./run-options.js";

/** @throws UsageError */
export function checkConfig(config: VmConfig): void {
  const paths = "image" in config ? pathsOf(config.image) : pathsOfApp(config);
  const asked = RUN_OPTIONS.filter(({ isPath }) => isPath === true).map(({ key }) => config[key]);
  for (const path of [...paths, config.scratchPath, ...asked.filter((value) => typeof value === "string")]) {
    checkDevicePath(path);
  }
  const { cpuTopology: cpus } = config;
  if (typeof cpus === "object" && !(Number.isInteger(cpus.count) && cpus.count > 0)) {
    throw new UsageError("CPUS", `Not a number of CPUs: ${cpus.count}`);
  }
  if (config.memoryMib !== undefined && !(Number.isInteger(config.memoryMib) && config.memoryMib > 0)) {
    throw new UsageError("MEMORY", `Not a size of memory in MiB: ${config.memoryMib}`);
  }
  if ("image" in config) return;
  if (config.payload.kind === "binary" && config.payload.binaryName.includes("/")) {
    throw new UsageError("PAYLOAD_BINARY", `Invalid binary file name: ${config.payload.binaryName}`);
  }
  if (config.earlyConsole === true && config.debugLevel !== "full") {
    throw new UsageError("EARLY_CONSOLE", "An early console needs the debug level full.");
  }
}

function pathsOfApp(config: AppVmConfig): readonly string[] {
  const paths = [
    config.apkPath,
    config.idsigPath,
    config.instanceImagePath,
    config.instanceIdPath,
    config.encryptedStorage?.path,
    config.vendorImagePath,
    ...config.extraApks.flatMap(({ apkPath, idsigPath }) => [apkPath, idsigPath]),
  ];
  return paths.filter((path) => path !== undefined);
}
