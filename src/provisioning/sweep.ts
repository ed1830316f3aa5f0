/** Takes away what a run that was killed has left on a device. */
import { printDiagnostic } from "../base/diagnostics.js";
import { describeError } from "../base/errors.js";
import { leftNotes, type Device } from "../device/index.js";
import { isDeviceOf, isDeviceToken, removeToken, type DeviceToken } from "./device-token.js";
import { describeStep, undoStep, type NoteContent, type UndoStep } from "./undo.js";
import { isVmNote, removeNotedVm, type VmNote } from "./vm-notes.js";

/**
 * To be called under the lease of the device. Notes of another device under the same serial, and what cannot be told to be
 * ours, are forgotten: nothing there is touched, and `log` is told of the latter. A step that fails does not stop the
 * others, and is not tried again, unless the device went away meanwhile: then it stays noted.
 */
export async function sweepProvisioned(
  device: Device,
  log: (message: string) => void = printDiagnostic,
): Promise<void> {
  for (const note of leftNotes(device.serial)) {
    const { content } = note;
    if (isDeviceToken(content) && (await isDeviceOf(device, content))) {
      const left = await takeAway(device, content, log);
      if (left && !(await isDeviceOf(device, content).catch(() => false))) {
        note.write(left);
        continue;
      }
      await removeToken(device, content);
    }
    note.remove();
  }
}

/** Returns what failed, if anything did. */
async function takeAway(
  device: Device,
  content: DeviceToken,
  log: (message: string) => void,
): Promise<NoteContent | undefined> {
  const { steps, vms } = content as Partial<NoteContent>;
  const left = { ...content, steps: [] as UndoStep[], vms: [] as VmNote[] };
  const failed = (what: string, error: unknown): void =>
    log(`what a run that was killed left on ${device.serial}: failed to ${what}: ${describeError(error)}`);
  for (const vm of Array.isArray(vms) ? vms.filter(isVmNote) : []) {
    try {
      if (await removeNotedVm(device, vm)) continue;
      log(`${vm.path} on ${device.serial} stays: nothing proves that a run that was killed made it.`);
    } catch (error) {
      left.vms.push(vm);
      failed(`remove ${vm.path}`, error);
    }
  }
  for (const step of Array.isArray(steps) ? steps.filter(isStep).reverse() : []) {
    try {
      const found = await whose(device, step);
      if (found === "ours") await undoStep(device, step);
      if (found === "unproven")
        log(`not done on ${device.serial}, because another may have put it there: ${describeStep(step)}`);
    } catch (error) {
      left.steps.unshift(step);
      failed(describeStep(step), error);
    }
  }
  return left.steps.length + left.vms.length > 0 ? left : undefined;
}

type Whose = "ours" | "gone" | "unproven";

/** Somebody may have installed the package anew since, or put a file of theirs in the place. */
async function whose(device: Device, step: UndoStep): Promise<Whose> {
  switch (step.kind) {
    case "uninstall": {
      const path = await device.packagePath(step.packageName);
      if (path === undefined) return "gone";
      return path === step.apkPath && (await hasDigest(device, path, step.sha256)) ? "ours" : "unproven";
    }
    case "remove-file": {
      const there = await device.execUnchecked(["sh", "-c", '[ -e "$1" ] || [ -L "$1" ]', "sh", step.path]);
      if (there.exitCode !== 0) return "gone";
      return (await hasDigest(device, step.path, step.sha256)) ? "ours" : "unproven";
    }
    default:
      return "ours";
  }
}

async function hasDigest(device: Device, path: string, sha256: string | undefined): Promise<boolean> {
  if (sha256 === undefined) return false;
  const argv = ["sh", "-c", '[ ! -L "$1" ] && sha256sum <"$1"', "sh", path];
  return (await device.execUnchecked(argv)).stdout.startsWith(`${sha256} `);
}

/** A note is a file in the user's cache: what it names is looked at before it is removed from a device. */
function isStep(value: unknown): value is UndoStep {
  if (typeof value !== "object" || value === null) return false;
  const { kind, packageName, sha256, apkPath, path, paths, commands } = value as Readonly<Record<string, unknown>>;
  switch (kind) {
    case "uninstall":
      if (!isDigest(sha256) || (apkPath !== undefined && typeof apkPath !== "string")) return false;
      return typeof packageName === "string" && /^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/.test(packageName);
    case "remove-file":
      if (sha256 !== undefined && !isDigest(sha256)) return false;
      return typeof path === "string" && path.startsWith("/") && !path.includes("\0");
    case "remove-empty-folders":
      return Array.isArray(paths) && paths.every((each) => typeof each === "string" && each.startsWith("/"));
    case "commands":
      return Array.isArray(commands) && commands.every((command) => typeof command === "string");
    default:
      return false;
  }
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
