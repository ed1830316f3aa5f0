/** Takes away what a run that was killed has left on a device. */
import { printDiagnostic } from "../../base/diagnostics.js";
import { describeError } from "../../base/errors.js";
import { leftNotes, type Device } from "../../device/index.js";
import { isDeviceOf, isDeviceToken, removeToken, type DeviceToken } from "./device-token.js";
import { DATA_ROOT } from "../install-app.js";
import { isStillChanged } from "./root.js";
import { describeStep, noteEmptied, undoStep, type NoteContent, type UndoStep } from "./undo.js";
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
  for (const note of await leftNotes(device.serial)) {
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
  let todo = Array.isArray(steps) ? steps.filter(isStep) : [];
  for (const vm of Array.isArray(vms) ? vms.filter(isVmNote) : []) {
    try {
      if (await removeNotedVm(device, vm)) continue;
      log(`${vm.path} on ${device.serial} stays: nothing proves that a run that was killed made it.`);
    } catch (error) {
      left.vms.push(vm);
      failed(`remove ${vm.path}`, error);
    }
  }
  for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
    try {
      for (const { whose, part } of await judge(device, step)) {
        if (whose === "ours") await undoStep(device, part);
        if (whose === "ours" && part.kind === "remove-file") todo = noteEmptied(todo, part.path);
        if (whose === "unproven") log(`not done on ${device.serial}, ${why(part)}: ${describeStep(part)}`);
      }
    } catch (error) {
      left.steps.unshift(step);
      failed(describeStep(step), error);
    }
  }
  return left.steps.length + left.vms.length > 0 ? left : undefined;
}

interface Judged {
  readonly whose: "ours" | "gone" | "unproven";
  readonly part: UndoStep;
}

/** Somebody may have reinstalled the package since, or put a file or folder of their own there. */
async function judge(device: Device, step: UndoStep): Promise<readonly Judged[]> {
  switch (step.kind) {
    case "uninstall": {
      const path = await device.packagePath(step.packageName);
      if (path === undefined) return [{ whose: "gone", part: step }];
      const ours = path === step.apkPath && (await hasDigest(device, path, step.sha256));
      return [{ whose: ours ? "ours" : "unproven", part: step }];
    }
    case "remove-file": {
      const there = await device.execUnchecked(["sh", "-c", '[ -e "$1" ] || [ -L "$1" ]', "sh", step.path]);
      if (there.exitCode !== 0) return [{ whose: "gone", part: step }];
      return [{ whose: (await hasDigest(device, step.path, step.sha256)) ? "ours" : "unproven", part: step }];
    }
    case "remove-empty-folders":
      return Promise.all(step.paths.map(async (path) => judgeFolder(device, step, path)));
    case "root":
      return [{ whose: (await isStillChanged(device, step)) ? "ours" : "gone", part: step }];
    case "commands":
      // What they would remove may be another's by now, which cannot be detected.
      return [{ whose: "unproven", part: step }];
  }
}

type Folders = Extract<UndoStep, { kind: "remove-empty-folders" }>;

/** In ours nobody else makes any; another was made for what was in it. */
async function judgeFolder(device: Device, { kind, emptied = [] }: Folders, path: string): Promise<Judged> {
  const part = { kind, paths: [path] };
  if (path === DATA_ROOT || path.startsWith(`${DATA_ROOT}/`) || emptied.includes(path)) return { whose: "ours", part };
  const isEmpty = '[ -d "$1" ] && [ ! -L "$1" ] && [ -z "$(ls -A "$1")" ]';
  const looked = await device.execUnchecked(["sh", "-c", isEmpty, "sh", path]);
  return { whose: looked.exitCode === 0 ? "unproven" : "gone", part };
}

function why(step: UndoStep): string {
  return step.kind === "commands" ? "because others may have used it since" : "because another may have put it there";
}

async function hasDigest(device: Device, path: string, sha256: string | undefined): Promise<boolean> {
  if (sha256 === undefined) return false;
  const argv = ["sh", "-c", '[ ! -L "$1" ] && sha256sum <"$1"', "sh", path];
  return (await device.execUnchecked(argv)).stdout.startsWith(`${sha256} `);
}

/** A note is a file in the user's cache: what it names is looked at before it is removed from a device. */
function isStep(value: unknown): value is UndoStep {
  if (typeof value !== "object" || value === null) return false;
  const {
    kind,
    packageName,
    sha256,
    apkPath,
    path,
    paths,
    emptied = [],
    root,
    bootId,
    commands,
  } = value as Readonly<Record<string, unknown>>;
  switch (kind) {
    case "uninstall":
      if (!isDigest(sha256) || (apkPath !== undefined && typeof apkPath !== "string")) return false;
      return typeof packageName === "string" && /^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/.test(packageName);
    case "remove-file":
      if (sha256 !== undefined && !isDigest(sha256)) return false;
      return typeof path === "string" && path.startsWith("/") && !path.includes("\0");
    case "remove-empty-folders":
      return [paths, emptied].every(isListOfPaths);
    case "root":
      return typeof root === "boolean" && typeof bootId === "string";
    case "commands":
      return Array.isArray(commands) && commands.every((command) => typeof command === "string");
    default:
      return false;
  }
}

function isListOfPaths(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && each.startsWith("/"));
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
