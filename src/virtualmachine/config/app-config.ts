/** From a config to what the service is asked to run: paths on the device, and the idsig files that Microdroid needs. */
import { CPU_TOPOLOGY_MATCH_HOST, DEBUG_LEVEL_FULL } from "../constants.js";
import { asksNetwork } from "./capabilities.js";
import { rawImageOf } from "../custom-image/raw-image.js";
import { missingPermission, VirtualMachineException } from "../errors.js";
import type { CommonVmConfig, VmConfig, VmPayload } from "../../virtualizationservice/contract.js";
import type { AskedOfTool } from "./tool-options.js";
import type { VirtualMachineConfig } from "./config.js";
import type { VmContext } from "../context.js";
import type { VmIdentity } from "../files/vm-identity.js";
import type { RunApk, RunApks } from "../run/run-apks.js";

export interface RunRequest {
  readonly identity: VmIdentity;
  /** The latest, which may be another than that of the identity. */
  readonly config: VirtualMachineConfig;
  /** Being looked for; a custom image has none. */
  readonly apks: Promise<RunApks | undefined>;
  /** With the gdb stub of its monitor. */
  readonly gdb?: boolean;
  readonly asked?: AskedOfTool;
  /** Made by the caller, gone after the run. */
  readonly scratchPath: string;
}

/**
 * Makes the idsig files that are missing (a present one is brought up to date by the device's tool itself).
 * @throws what finding the APKs threw; VirtualMachineException
 */
export async function prepareVmConfig(request: RunRequest): Promise<VmConfig> {
  const { identity, config } = request;
  const { context, folder, usesInstanceId } = identity;
  const { fields } = config;
  const apks = await request.apks;
  const image = fields.customImageConfig;
  if (image) return { ...commonConfig(request), image: rawImageOf(image, fields.consoleInputDevice) };
  if (!apks) throw new Error("the APKs of a VM that has some were not looked for");
  const { main, extra } = apks;
  for (const apk of [main, ...extra]) await ensureIdsig(context, apk);
  return {
    ...commonConfig(request),
    apkPath: main.apkPath,
    idsigPath: main.idsigPath,
    instanceImagePath: folder.instanceImage,
    instanceIdPath: usesInstanceId ? folder.instanceId : undefined,
    payload: payloadOf(config),
    extraApks: extra.map(({ apkPath, idsigPath }) => ({ apkPath, idsigPath })),
    encryptedStorage: config.isEncryptedStorageEnabled()
      ? { path: folder.storage, sizeBytes: fields.encryptedStorageBytes }
      : undefined,
    osName: fields.os,
    vendorImagePath: fields.vendorDiskImagePath,
  };
}

function commonConfig({
  identity: { name },
  config: { fields },
  scratchPath,
  gdb,
  asked = {},
}: RunRequest): CommonVmConfig {
  return {
    name: fields.customImageConfig?.getName() ?? name,
    debugLevel: fields.debugLevel === DEBUG_LEVEL_FULL ? "full" : "none",
    protectedVm: fields.protectedVm,
    memoryMib: fields.memoryBytes === 0 ? undefined : Math.ceil(fields.memoryBytes / 2 ** 20),
    cpuTopology: fields.cpuTopology === CPU_TOPOLOGY_MATCH_HOST ? "match_host" : "one_cpu",
    consoleInput: fields.vmConsoleInputSupported,
    networkSupported: asksNetwork(fields),
    ...(gdb === true ? { gdb } : {}),
    ...(fields.shouldUseHugepages ? { hugePages: true } : {}),
    scratchPath,
    ...asked,
  };
}

async function ensureIdsig({ service }: VmContext, { apkPath, idsigPath, hasIdsig }: RunApk): Promise<void> {
  if (hasIdsig) return;
  try {
    await service.createOrUpdateIdsigFile(apkPath, idsigPath);
  } catch (cause) {
    throw (
      missingPermission(cause) ??
      new VirtualMachineException("IDSIG_FAILED", "Failed to generate APK signature", { cause })
    );
  }
}

function payloadOf(config: VirtualMachineConfig): VmPayload {
  const { payloadBinaryName, payloadConfigPath } = config.fields;
  if (payloadConfigPath !== undefined) return { kind: "config", configPath: payloadConfigPath };
  if (payloadBinaryName !== undefined) return { kind: "binary", binaryName: payloadBinaryName };
  throw new Error("a VM that is no custom image has a payload");
}
