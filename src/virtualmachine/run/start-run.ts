/** Starts a VM: idsig files, a scratch folder for the run, then the service. */
import { randomBytes } from "node:crypto";
import { atOnce } from "../../base/async/at-once.js";
import { describeError, isHarnessError } from "../../base/errors.js";
import { memoryMistake } from "./callers-mistake.js";
import { SecurityException, VirtualMachineException, isUsageError } from "../errors.js";
import { prepareVmConfig } from "../config/app-config.js";
import { report } from "../context.js";
import { mainApkPath } from "./run-apks.js";
import type { RunningVm } from "../../virtualizationservice/contract.js";
import type { RunRequest } from "../config/app-config.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";
import type { RunSession } from "./run-session.js";

export interface StartedRun {
  readonly handle: RunningVm;
  /** Removes what the run left on the device. Never rejects. */
  readonly cleanUp: () => Promise<void>;
}

/** @throws VirtualMachineException, or UnsupportedOperationException before anything was started */
export async function startRun(
  request: Omit<RunRequest, "scratchPath">,
  session: RunSession,
  signal: AbortSignal | undefined,
): Promise<StartedRun> {
  const { context, folder } = request;
  const { service } = context;
  // Within the VM's folder, so that deleting the VM removes it even when this process did not live to do so.
  const scratchPath = `${folder.root}/run-${randomBytes(4).toString("hex")}`;
  const cleanUp = (): Promise<void> => removeScratch(context, scratchPath);
  try {
    const [vmConfig] = await atOnce(
      () => prepareVmConfig({ ...request, scratchPath }),
      () => service.prepareRun(scratchPath),
    );
    return { handle: await service.startVm(vmConfig, session.receive, signal), cleanUp };
  } catch (error) {
    await cleanUp();
    if (signal?.aborted && error === signal.reason) throw error;
    throw await explain(error, request);
  }
}

/** Removes what a run left on the device. Never rejects. */
export async function removeScratch(context: VmContext, scratchPath: string): Promise<void> {
  await context.service.files.remove(scratchPath).catch((error: unknown) => {
    // A device that is out of reach is reported by whoever uses it next, once for all its VMs; the folder goes with the VM's.
    if (context.gone?.aborted !== true && !isOutOfReach(error))
      report(context, `failed to remove ${scratchPath}: ${describeError(error)}`);
  });
}

function isOutOfReach(error: unknown): boolean {
  return isHarnessError(error) && (error.kind === "infrastructure" || error.code === "DEVICE_CLOSED");
}

/** Mistakes of the caller stay as they are; errors of the service get the VM's name, and Java's words where it has some. */
async function explain(error: unknown, { context, name, config }: Omit<RunRequest, "scratchPath">): Promise<unknown> {
  if (isUsageError(error) && !(error instanceof VirtualMachineException)) return error;
  if (isHarnessError(error) && error.code === "VM_PERMISSION") {
    return new SecurityException(error.shortMessage, { cause: error, hint: error.hint });
  }
  // Looked at only now, since it costs a round trip that a run that works has no use for.
  const isCustom = config.getCustomImageConfig() !== undefined;
  const apkPath = isCustom ? undefined : await mainApkPath(context, config).catch(() => undefined);
  if (apkPath !== undefined && !(await context.service.files.exists(apkPath).catch(() => true))) {
    return new VirtualMachineException("APK_NOT_FOUND", "Failed to open APK", {
      vmName: name,
      cause: error,
      hint: `${apkPath} is not on the device.`,
    });
  }
  if (error instanceof VirtualMachineException) return error;
  const message = `failed to start VM "${name}": ${describeError(error)}`;
  const mistake = memoryMistake(config) ?? (await missingConfig(context, config, apkPath));
  return new VirtualMachineException("START_FAILED", message, {
    ...{ vmName: name, cause: error, hint: mistake },
    ...(mistake === undefined ? {} : { kind: "usage" }),
  });
}

/** What to change if the payload config is not in the APK. */
async function missingConfig(
  context: VmContext,
  { fields: { payloadConfigPath } }: VirtualMachineConfig,
  apkPath: string | undefined,
): Promise<string | undefined> {
  const { readApkEntry } = context;
  if (payloadConfigPath === undefined || apkPath === undefined || readApkEntry === undefined) return undefined;
  const isThere = await readApkEntry(apkPath, payloadConfigPath).then(
    (entry) => entry !== undefined,
    () => true,
  );
  return isThere ? undefined : `${apkPath} has no ${payloadConfigPath}: npx avf apk show FILE.apk lists what it has`;
}
