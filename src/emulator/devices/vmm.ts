/** What VMs of an emulated device run on: crosvm where its image has one, else QEMU, or what was asked for. */
import { isHarnessError, UsageError } from "../../base/errors.js";
import type { ControlChannel, Vmm } from "../machine/control.js";
import { crosvmPath } from "../image/crosvm-path.js";

export interface VmmDescription {
  readonly name: string;
  readonly version: string;
}

const TIMEOUT_MS = 30_000;

/** `AVF_VMM`, checked. */
export function vmmFromEnvironment(text = process.env["AVF_VMM"]): Vmm | undefined {
  if (text === undefined || text === "") return undefined;
  if (text === "qemu" || text === "crosvm") return text;
  throw new UsageError("BAD_VMM", `AVF_VMM is "${text}"; VMs of the emulated device run on qemu or crosvm.`);
}

/** Throws a UsageError when crosvm is wanted and no image can have one. */
export function requireVmm(wanted: Vmm | undefined): void {
  if (wanted !== "crosvm" || crosvmPath() !== undefined) return;
  throw new UsageError("NO_CROSVM", "VMs shall run on crosvm, but the emulated device has none.", {
    hint: "AVF_CROSVM=/path/to/crosvm puts one into its image; docs/crosvm.md has more",
  });
}

/** Tells the device what to use. Undefined when it can run no VMs at all, which only those notice who want one. */
export async function chooseVmm(
  control: Pick<ControlChannel, "request">,
  wanted: Vmm | undefined,
  signal: AbortSignal,
): Promise<VmmDescription | undefined> {
  try {
    const { name, version } = await control.request({ command: "vmm", prefer: wanted ?? "" }, TIMEOUT_MS, signal);
    return { name: String(name), version: String(version) };
  } catch (error) {
    if (!isHarnessError(error) || error.code !== "DEVICE_REFUSED") throw error;
    if (wanted === undefined) return undefined;
    throw new UsageError("VMM_UNUSABLE", `VMs of the emulated device cannot run on ${wanted}.`, { cause: error });
  }
}
