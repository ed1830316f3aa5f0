/** What VMs of an emulated device run on: crosvm where its image has one, else QEMU, or what was asked for. */
import { UsageError } from "../../base/errors.js";
import { isMonitor, listMonitors, type Monitor } from "../../base/vm/monitors.js";
import { crosvmPath } from "../image/crosvm-path.js";
import type { PersonalizeReply } from "../snapshot/personalize.js";

export interface VmmDescription {
  readonly name: string;
  readonly version: string;
}

/** `AVF_MONITOR`, checked; its former name is `AVF_VMM`. */
export function monitorFromEnvironment(environment: NodeJS.ProcessEnv = process.env): Monitor | undefined {
  const variable = environment["AVF_MONITOR"] ? "AVF_MONITOR" : "AVF_VMM";
  const text = environment[variable];
  if (text === undefined || text === "") return undefined;
  if (isMonitor(text)) return text;
  throw new UsageError(
    "BAD_MONITOR",
    `${variable} is "${text}"; VMs of the emulated device run on ${listMonitors()}.`,
    {
      hint: `${variable}=qemu, or unset it`,
    },
  );
}

/** Throws a UsageError when crosvm is wanted and no image can have one. */
export function requireVmm(wanted: Monitor | undefined): void {
  if (wanted !== "crosvm" || crosvmPath() !== undefined) return;
  throw new UsageError("NO_CROSVM", "crosvm was requested, but is not in this device's image.", {
    hint: "AVF_CROSVM=/path/to/crosvm puts one into its image; docs/crosvm.md has more",
  });
}

/**
 * From the device's answer to the choice of a monitor. Undefined when it can run no VMs at all, which only those
 * notice who want one.
 */
export function chosenVmm(
  { vmm, vmmRefusal }: PersonalizeReply,
  wanted: Monitor | undefined,
): VmmDescription | undefined {
  if (isDescription(vmm)) return { name: vmm.name, version: vmm.version };
  if (wanted === undefined) return undefined;
  throw new UsageError("VMM_UNUSABLE", `VMs of the emulated device cannot run on ${wanted}: ${String(vmmRefusal)}.`, {
    hint: "unset AVF_MONITOR, or leave out the option monitor, to use what the device has",
  });
}

function isDescription(value: unknown): value is VmmDescription {
  if (typeof value !== "object" || value === null) return false;
  const { name, version } = value as Partial<Record<keyof VmmDescription, unknown>>;
  return typeof name === "string" && typeof version === "string";
}
