/** Starts a VM: idsig files, a scratch folder for the run, then the service. */
import { randomBytes } from "node:crypto";
import { atOnce } from "../../base/async/at-once.js";
import { describeError, isHarnessError } from "../../base/errors.js";
import { prepareVmConfig } from "../config/app-config.js";
import { explainStart } from "./explain-start.js";
import { leaveIdsigs } from "./leave-idsigs.js";
import { report } from "../context.js";
import type { RunningVm } from "../../virtualizationservice/contract.js";
import type { RunRequest } from "../config/app-config.js";
import type { VmContext } from "../context.js";
import type { RunSession } from "./run-session.js";

interface StartedRun {
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
  const { context, folder } = request.identity;
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
    await atOnce(cleanUp, () => leaveIdsigs(request));
    if (signal?.aborted && error === signal.reason) throw error;
    throw await explainStart(error, request);
  }
}

/** Removes what a run left on the device. Never rejects. */
export async function removeScratch(context: VmContext, scratchPath: string): Promise<void> {
  await context.service.files.remove(scratchPath).catch((error: unknown) => {
    // A device that is out of reach is reported by the next call that uses it, once for all its VMs; the folder goes with the VM's.
    if (context.gone?.aborted !== true && !isOutOfReach(error))
      report(context, `failed to remove ${scratchPath}: ${describeError(error)}`);
  });
}

function isOutOfReach(error: unknown): boolean {
  return isHarnessError(error) && (error.kind === "infrastructure" || error.code === "DEVICE_CLOSED");
}
