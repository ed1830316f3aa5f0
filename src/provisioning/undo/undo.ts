/**
 * What is put on a device, and how to take it away again: last in, first out, to the end whatever fails. Each step is
 * data, and noted before what it undoes is done, so that the next run can take it after this one was killed.
 */
import { describeError } from "../../base/errors.js";
import { allOf } from "../../base/text/word-list.js";
import type { Device, OwnerNote } from "../../device/index.js";
import { leaveToken, removeToken, type DeviceToken } from "./device-token.js";
import { vmNotes, type VmNote, type VmNotes } from "./vm-notes.js";

export type UndoStep =
  /**
   * @param sha256 of what was installed: what another has put in its place since a killed run is not ours
   * @param apkPath where it was installed, known afterwards: Android chooses a new folder at each install
   */
  | { readonly kind: "uninstall"; readonly packageName: string; readonly sha256: string; readonly apkPath?: string }
  /** @param sha256 of what was put there, known afterwards */
  | { readonly kind: "remove-file"; readonly path: string; readonly sha256?: string }
  /**
   * Those that are left empty, one after the other.
   * @param emptied those that something of ours was taken out of already: a killed run's are not another's for that
   */
  | { readonly kind: "remove-empty-folders"; readonly paths: readonly string[]; readonly emptied?: readonly string[] }
  /**
   * adbd becomes what it was.
   * @param bootId of when that was: a device that was started since has forgotten it
   */
  | { readonly kind: "root"; readonly root: boolean; readonly bootId: string }
  /** Lines for the device's shell. */
  | { readonly kind: "commands"; readonly commands: readonly string[] };

/** Of a command of an AndroidTest.xml: as long as Tradefed waits (NativeDevice). */
export const COMMAND_TIMEOUT_MS = 120_000;

const TOGETHER: ReadonlySet<UndoStep["kind"]> = new Set(["remove-file", "remove-empty-folders"] as const);
/** As many paths as any device takes in a command line. */
const MAX_TOGETHER = 32;

export class Undo {
  #steps: UndoStep[] = [];
  #token: DeviceToken | undefined;
  #vms: readonly VmNote[] = [];
  /** VMs that are made later on. */
  readonly vms: VmNotes;

  /** @param note where the steps are written down; undefined for a device that ends with this process */
  constructor(
    private readonly device: Device,
    private readonly note: OwnerNote | undefined,
  ) {
    this.vms = vmNotes(device, (vms) => {
      this.#vms = vms;
      this.#write();
    });
  }

  /** Whether the next run is to know of the steps. */
  get isNoted(): boolean {
    return this.note !== undefined;
  }

  /**
   * To be called before the first step: notes count only for the device that they were taken of.
   * @param serialNumber the device's, where it is known: it is not asked for it then
   */
  async begin(serialNumber?: string): Promise<void> {
    if (this.note === undefined) return;
    const note = (token: DeviceToken): void => {
      this.#token = token;
      this.#write();
    };
    await leaveToken(this.device, note, serialNumber);
  }

  /** To be called before what it undoes is done. */
  add(step: UndoStep): void {
    this.#steps.push(step);
    this.#write();
  }

  /** To be called when it is done: the step says more. */
  replace(step: UndoStep, by: UndoStep): void {
    this.#steps = this.#steps.map((each) => (each === step ? by : each));
    this.#write();
  }

  /**
   * Runs every step. Those that fail, as all do when the device went away, stay noted for the next run, and for another
   * call. Throws the first failure, with the others named in it.
   * @param which those to be run; the others stay. Default: all
   */
  async run(which: (step: UndoStep) => boolean = () => true): Promise<void> {
    const kept = this.#steps.filter((step) => !which(step));
    this.#steps = this.#steps.filter(which);
    const failed: { readonly step: UndoStep; readonly error: unknown }[] = [];
    for (let steps = this.#takeLast(); steps !== undefined; steps = this.#takeLast()) {
      failed.push(...(await this.#undo(steps)));
    }
    this.#steps = [...kept, ...failed.map(({ step }) => step).reverse()];
    const failures = failed.map(({ step, error }) => ({ what: describeStep(step), error }));
    if (this.#steps.length > 0) this.#write();
    else {
      try {
        if (this.#token) await removeToken(this.device, this.#token);
        this.#token = undefined;
        this.note?.remove();
      } catch (error) {
        this.#write();
        failures.push({ what: "remove the mark of this run", error });
      }
    }
    const [first] = failures;
    if (failures.length === 1) throw first?.error;
    if (first === undefined) return;
    const list = failures.map(({ what, error }) => `${what}: ${describeError(error)}`).join("\n");
    throw new AggregateError(
      failures.map(({ error }) => error),
      `${failures.length} steps of the clean-up failed:\n${list}`,
    );
  }

  /** Returns those that failed. */
  async #undo(steps: readonly [UndoStep, ...UndoStep[]]): Promise<{ step: UndoStep; error: unknown }[]> {
    try {
      await undoStep(this.device, ...steps);
    } catch (error) {
      if (steps.length === 1) return [{ step: steps[0], error }];
      // One by one, to know which it was.
      const failed = [];
      for (const step of steps) failed.push(...(await this.#undo([step])));
      return failed;
    }
    const removed = steps.flatMap((step) => (step.kind === "remove-file" ? [step.path] : []));
    this.#steps = removed.reduce(noteEmptied, this.#steps);
    return [];
  }

  /** The last step, and those before it that one command does with it: each costs a call to the device. */
  #takeLast(): readonly [UndoStep, ...UndoStep[]] | undefined {
    const last = this.#steps.pop();
    if (last === undefined) return undefined;
    const steps: [UndoStep, ...UndoStep[]] = [last];
    const isAlike = (step: UndoStep | undefined): boolean => step?.kind === last.kind && TOGETHER.has(last.kind);
    while (steps.length < MAX_TOGETHER && isAlike(this.#steps.at(-1))) steps.push(this.#steps.pop() as UndoStep);
    return steps;
  }

  #write(): void {
    if (this.#token) this.note?.write({ ...this.#token, steps: this.#steps, vms: this.#vms } satisfies NoteContent);
  }
}

/** What a note says. */
export interface NoteContent extends DeviceToken {
  readonly steps: readonly unknown[];
  readonly vms: readonly unknown[];
}

/**
 * What is not there, because it never came to that, is fine.
 * @param more steps of the same kind, for those that remove files or folders
 */
export async function undoStep(device: Device, step: UndoStep, ...more: readonly UndoStep[]): Promise<void> {
  switch (step.kind) {
    case "uninstall":
      if ((await device.packagePath(step.packageName)) !== undefined) await device.uninstall(step.packageName);
      return;
    case "remove-file":
      await device.exec(["rm", "-f", ...[step, ...more].flatMap(pathsOf)]);
      return;
    case "remove-empty-folders":
      await device.execUnchecked(["rmdir", ...[step, ...more].flatMap(pathsOf)]);
      return;
    case "root":
      await device.setRoot(step.root);
      return;
    case "commands":
      // As Tradefed passes them: their own quoting, not ours; and their failures are their own affair.
      for (const command of step.commands)
        await device.execUnchecked(["sh", "-c", command], { timeoutMs: COMMAND_TIMEOUT_MS });
  }
}

function pathsOf(step: UndoStep): readonly string[] {
  if (step.kind === "remove-file") return [step.path];
  return step.kind === "remove-empty-folders" ? step.paths : [];
}

/** What was in a folder until now proves that it is the one that was made for it. */
export function noteEmptied<T extends UndoStep>(steps: readonly T[], path: string): T[] {
  return steps.map((step) => {
    if (step.kind !== "remove-empty-folders") return step;
    const emptied = step.paths.filter((folder) => path.startsWith(`${folder}/`));
    return emptied.length === 0 ? step : { ...step, emptied: [...(step.emptied ?? []), ...emptied] };
  });
}

export function describeStep(step: UndoStep): string {
  switch (step.kind) {
    case "uninstall":
      return `uninstall ${step.packageName}`;
    case "remove-file":
      return `remove ${step.path}`;
    case "remove-empty-folders":
      return `remove ${allOf(step.paths)} if empty`;
    case "root":
      return step.root ? "restart adbd as root" : "restart adbd as shell";
    case "commands":
      return `run the teardown commands: ${step.commands.join("; ")}`;
  }
}
