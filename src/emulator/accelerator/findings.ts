/** What `avf doctor` says of the accelerator, and of the snapshot, which each accelerator has its own of. */
import { existsSync } from "node:fs";
import { isHarnessError } from "../../base/errors.js";
import { allOf } from "../../base/text/word-list.js";
import type { Accelerator } from "../machine/arguments.js";
import { knownAccelerator, type AcceleratorAnswer } from "./accelerator.js";

interface AcceleratorFinding {
  readonly name: string;
  readonly state: "ok" | "missing" | "failed" | "note";
  readonly detail: string;
  readonly fix?: string;
}

/** What an accelerator means for those who wait. */
const SPEED: Readonly<Record<Accelerator, string>> = {
  tcg: "the device's CPU is emulated, and a VM takes some seconds to its payload",
  kvm: "the device and its VMs run at about the speed of this host",
};
const ASK_AGAIN = "npx avf setup --renew accelerator";

/** Looks at the host as a run does. */
export async function acceleratorFinding(
  cache: string,
): Promise<{ readonly finding: AcceleratorFinding; readonly answer: AcceleratorAnswer | undefined }> {
  try {
    const answer = await knownAccelerator(cache);
    return { answer, finding: describe(answer) };
  } catch (error) {
    if (!isHarnessError(error)) throw error;
    const fix = error.hint === undefined ? {} : { fix: error.hint };
    return { answer: undefined, finding: { name: "accelerator", state: "failed", detail: error.shortMessage, ...fix } };
  }
}

function describe(answer: AcceleratorAnswer | undefined): AcceleratorFinding {
  const name = "accelerator";
  if (answer === undefined) {
    return { name, state: "missing", detail: "not tried yet on this host as it is now; the next run does" };
  }
  const { accelerator, reason, withoutVms, untilMs } = answer;
  if (withoutVms !== undefined) {
    const fix = "AVF_ACCEL=tcg emulates the processors, and runs VMs";
    return { name, state: "failed", detail: `${accelerator}: ${reason}; ${withoutVms}`, fix };
  }
  const again =
    untilMs === undefined
      ? ""
      : `; KVM is tried again after ${new Date(untilMs).toTimeString().slice(0, 5)}, at once by ${ASK_AGAIN}`;
  return { name, state: "ok", detail: `${accelerator}: ${reason}; ${SPEED[accelerator]}${again}` };
}

/** @param folderFor where the snapshot of an accelerator is, or will be, as far as that is known */
export function snapshotFinding(
  answer: AcceleratorAnswer | undefined,
  folderFor: (accelerator: Accelerator) => string | undefined,
): AcceleratorFinding {
  const name = "snapshot";
  const fix = "npx avf setup";
  if (answer !== undefined) {
    return exists(folderFor(answer.accelerator))
      ? { name, state: "ok", detail: "starts in half a second" }
      : { name, state: "missing", detail: "not made yet", fix };
  }
  const there = (["kvm", "tcg"] as const).filter((accelerator) => exists(folderFor(accelerator)));
  if (there.length === 0) return { name, state: "missing", detail: "not made yet", fix };
  return { name, state: "ok", detail: `there for ${allOf(there)}; which one serves is seen by the next run` };
}

function exists(path: string | undefined): boolean {
  return path !== undefined && existsSync(path);
}
