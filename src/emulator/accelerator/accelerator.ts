/** Which accelerator runs the emulated device: the one that was asked for, or what a trial boot on this host showed. */
import { join } from "node:path";
import { describeError, InfrastructureError, isHarnessError, UsageError } from "../../base/errors.js";
import { silentProgress, tellNote, type Progress } from "../../base/progress.js";
import { SERIAL_LOG } from "../machine/last-words.js";
import { lendFolder, machineUser } from "../machine/machine-user.js";
import { emulatorCommand, IMAGE_FOLDER, OWN_FOLDER } from "../qemu/emulator.js";
import { emulatorVersion, findSource } from "../source/source.js";
import { buildProbeArguments, type Accelerator } from "../machine/arguments.js";
import { explainNoNesting, kvmIdentity, nestingIsOff, refuseKvm } from "./host-kvm.js";
import { recall, remember, type AcceleratorAnswer } from "./memory.js";
import { bootOnce, judge } from "./probe.js";

export { forgetAccelerator, type AcceleratorAnswer } from "./memory.js";

/** Of a KVM that does not do, however it showed: things on the host change. */
const NO_HOLDS_MS = 30 * 60_000;
/** Of one that was not heard of in time. Long enough for the processes of one run to agree on an answer. */
const UNKNOWN_HOLDS_MS = 2 * 60_000;

export function wantedAccelerator(wanted = process.env["AVF_ACCEL"] ?? "auto"): Accelerator | "auto" {
  if (wanted === "tcg" || wanted === "kvm" || wanted === "auto") return wanted;
  if (wanted === "") return "auto";
  throw new UsageError("BAD_ACCELERATOR", `AVF_ACCEL is "${wanted}"; it may be tcg, kvm or auto.`, {
    hint: "AVF_ACCEL=auto chooses what works",
  });
}

/**
 * The remembered or forced answer; undefined when a trial is still to be made.
 * @throws UsageError when KVM was asked for and cannot be opened
 */
export async function knownAccelerator(cache: string): Promise<AcceleratorAnswer | undefined> {
  const wanted = wantedAccelerator();
  if (wanted === "tcg") return { accelerator: "tcg", reason: "AVF_ACCEL=tcg" };
  const refusal = refuseKvm();
  if (wanted === "kvm") {
    if (refusal !== undefined) throw cannotUseKvm(refusal);
    const lacks = nestingIsOff() ? { withoutVms: explainNoNesting() } : {};
    return { accelerator: "kvm", reason: "AVF_ACCEL=kvm", ...lacks };
  }
  if (refusal !== undefined) return { accelerator: "tcg", reason: refusal };
  return recall(cache, await hostIdentity(cache));
}

/** Boots the kernel of an image on KVM, and remembers for this host what came of it. */
export async function probeAccelerator(
  cache: string,
  imageFolder: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<AcceleratorAnswer> {
  progress.step("Trying whether this host's KVM can run the device");
  const outcome = await bootOnce((folder) => trialCommand(imageFolder, folder), {
    signal,
    onWait: (text) => progress.detail(text),
  });
  const { holds, ...answer } = judge(outcome);
  // Says why processors are emulated on a host that has KVM.
  if (answer.accelerator === "tcg") tellNote(progress, `Going on with emulated processors: ${answer.reason}`);
  const holdsMs = { always: undefined, "some time": NO_HOLDS_MS, briefly: UNKNOWN_HOLDS_MS }[holds];
  return keep(cache, answer, holdsMs);
}

function trialCommand(imageFolder: string, folder: string): readonly string[] {
  const user = machineUser(0, "kvm");
  lendFolder(folder, [SERIAL_LOG], user);
  const emulator = emulatorCommand(imageFolder, { folder, user, detached: false });
  return buildProbeArguments(emulator, "kvm", IMAGE_FOLDER, join(OWN_FOLDER, SERIAL_LOG));
}

/**
 * KVM was believed, and then did not run the device: its processors are emulated for now, and that is said.
 * @throws UsageError when KVM was asked for by name
 */
export async function goOnWithoutKvm(
  cache: string,
  error: unknown,
  progress: Progress = silentProgress,
): Promise<AcceleratorAnswer> {
  const why = isHarnessError(error) ? error.shortMessage.replace(/\.$/, "") : describeError(error);
  if (wantedAccelerator() === "kvm") throw cannotUseKvm(why, error);
  tellNote(progress, `KVM does not run the device (${why}); going on with emulated processors`);
  const reason = `KVM did not run the device: ${why}`;
  return keep(
    cache,
    { accelerator: "tcg", reason },
    codeOf(error) === "KVM_UNAVAILABLE" ? UNKNOWN_HOLDS_MS : NO_HOLDS_MS,
  );
}

/** Codes of a machine that ended, said no or nothing. What fails beside it (adb, the disk, the network) is no fault of KVM. */
const MACHINES_FAULTS: readonly (string | undefined)[] = [
  ...["KVM_UNAVAILABLE", "DEVICE_ENDED", "QEMU_GONE", "QEMU_REFUSED", "TIMEOUT", "DEVICE_NOT_READY"],
  "SNAPSHOT_UNUSABLE",
];

/** For who does not go on without KVM by itself: the same error, with the setting that does. Others as they are. */
export function namingTcg(error: unknown, accelerator: Accelerator): unknown {
  if (accelerator !== "kvm" || !isHarnessError(error) || !isMachinesFault(error)) return error;
  if (error.hint?.includes("AVF_ACCEL=tcg") === true) return error;
  const { code, shortMessage, message, hint, lastLines } = error;
  const [details = ""] = message.slice(shortMessage.length).split(/\n(?:Hint|Last output):/);
  return new InfrastructureError(code, shortMessage, {
    cause: error,
    details: details.split("\n").filter((line) => line !== ""),
    hint: `${hint === undefined ? "" : `${hint}; `}AVF_ACCEL=tcg does without this host's KVM`,
    lastLines,
  });
}

/** Whether what failed on KVM may do without it. */
export function isMachinesFault(error: unknown): boolean {
  return MACHINES_FAULTS.includes(codeOf(error));
}

function codeOf(error: unknown): string | undefined {
  return isHarnessError(error) ? error.code : undefined;
}

async function keep(
  cache: string,
  answer: Pick<AcceleratorAnswer, "accelerator" | "reason">,
  holdsMs: number | undefined,
): Promise<AcceleratorAnswer> {
  const whole = { ...answer, ...(holdsMs === undefined ? {} : { untilMs: Date.now() + holdsMs }) };
  await remember(cache, await hostIdentity(cache), whole);
  return whole;
}

function cannotUseKvm(why: string, cause?: unknown): UsageError {
  return new UsageError("KVM_UNUSABLE", `AVF_ACCEL=kvm, but the device cannot run on KVM: ${why}.`, {
    cause,
    lastLines: isHarnessError(cause) ? cause.lastLines : [],
    hint: "AVF_ACCEL=tcg emulates the processors instead; AVF_ACCEL=auto chooses what works",
  });
}

/** All that an answer depends on: with another kernel, module parameter, CPU, boot or QEMU it is asked for again. */
async function hostIdentity(cache: string): Promise<string> {
  const { packages } = await findSource(cache);
  return `${kvmIdentity()} qemu ${packages === undefined ? "none" : emulatorVersion(packages)}`;
}
