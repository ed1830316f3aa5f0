/** From a config to what the service is asked to run: paths on the device, and the idsig files those need. */
import { CPU_TOPOLOGY_MATCH_HOST, DEBUG_LEVEL_FULL } from "./constants.js";
import { UnsupportedOperationException, VirtualMachineException } from "./errors.js";
import { checkCapabilities } from "./capabilities.js";
import { extraApkPaths } from "./extra-apks.js";
import type { AppVmConfig, VmPayload } from "../virtualizationservice/contract.js";
import type { VirtualMachineConfig } from "./config.js";
import type { VmContext } from "./context.js";
import type { VmFolder } from "./vm-folder.js";

export interface RunRequest {
  readonly context: VmContext;
  readonly name: string;
  readonly folder: VmFolder;
  readonly config: VirtualMachineConfig;
  readonly usesInstanceId: boolean;
  /** Made by the caller, gone after the run. */
  readonly scratchPath: string;
}

/**
 * Makes the idsig files that are missing (a present one is brought up to date by the device's tool itself).
 * @throws UnsupportedOperationException for what the device cannot do; VirtualMachineException for missing packages
 */
export async function prepareAppConfig(request: RunRequest): Promise<AppVmConfig> {
  const { context, folder, config } = request;
  const { fields } = config;
  await checkCapabilities(context, config);
  const apkPath = await mainApkPath(context, config);
  const extraApks = (await extraApkPaths(context, config, apkPath)).map((path, i) => {
    return { apkPath: path, idsigPath: folder.extraIdsig(i) };
  });
  const idsigPath = fields.idsigPath ?? folder.idsig;
  for (const idsig of [{ apkPath, idsigPath }, ...extraApks]) await ensureIdsig(context, idsig);
  return {
    name: request.name,
    apkPath,
    idsigPath,
    instanceImagePath: folder.instanceImage,
    instanceIdPath: request.usesInstanceId ? folder.instanceId : undefined,
    payload: payloadOf(config),
    extraApks,
    debugLevel: fields.debugLevel === DEBUG_LEVEL_FULL ? "full" : "none",
    protectedVm: fields.protectedVm,
    memoryMib: fields.memoryBytes === 0 ? undefined : Math.ceil(fields.memoryBytes / 2 ** 20),
    cpuTopology: fields.cpuTopology === CPU_TOPOLOGY_MATCH_HOST ? "match_host" : "one_cpu",
    encryptedStorage: config.isEncryptedStorageEnabled()
      ? { path: folder.storage, sizeBytes: fields.encryptedStorageBytes }
      : undefined,
    osName: fields.os,
    consoleInput: fields.vmConsoleInputSupported,
    vendorImagePath: fields.vendorDiskImagePath,
    networkSupported: fields.networkSupported,
    scratchPath: request.scratchPath,
  };
}

/** An explicit path; else the base APK of the app, or of the package that the config was built for. */
export async function mainApkPath(context: VmContext, config: VirtualMachineConfig): Promise<string> {
  const { apkPath, packageName } = config.fields;
  if (apkPath !== undefined) return apkPath;
  if (packageName === undefined || packageName === context.packageName) return context.apkPath;
  const resolved = await context.resolvePackage?.(packageName);
  if (resolved === undefined) {
    throw new VirtualMachineException("PACKAGE_NOT_FOUND", "Package not found", {
      hint: `Install ${packageName} on the device.`,
    });
  }
  return resolved;
}

async function ensureIdsig(context: VmContext, file: { apkPath: string; idsigPath: string }): Promise<void> {
  if (await context.service.files.exists(file.idsigPath)) return;
  try {
    await context.service.createOrUpdateIdsigFile(file.apkPath, file.idsigPath);
  } catch (cause) {
    throw new VirtualMachineException("IDSIG_FAILED", "Failed to generate APK signature", { cause });
  }
}

function payloadOf(config: VirtualMachineConfig): VmPayload {
  const { payloadBinaryName, payloadConfigPath } = config.fields;
  if (payloadConfigPath !== undefined) return { kind: "config", configPath: payloadConfigPath };
  if (payloadBinaryName !== undefined) return { kind: "binary", binaryName: payloadBinaryName };
  throw new UnsupportedOperationException("A custom image cannot be run through the device's `vm run-app`.");
}
