/** Something that happens to a VM once, with its time: a line, a status, a stage of the boot. */
import { inspect } from "node:util";
import { shownText } from "../lines/line-text.js";
import { consoleWaitError, formatPattern } from "./console-failure.js";
import { stageIndex, type BootStage } from "../boot/stages.js";
import { LineSearch } from "../lines/search.js";
import { Status } from "../constants.js";
import { waitForVm } from "./vm-wait.js";
import { waitError } from "./wait-failure.js";
import type { HarnessError } from "../../base/errors.js";
import type { VmJournal } from "../journal/journal.js";
import type { OutputStream } from "../lines/line-history.js";
import type { VirtualMachine } from "../machine.js";
import type { Patience } from "./patience.js";
import type { WaitEnd } from "./vm-wait.js";

/** When it happened, on the clock that all VMs of this process share: when this host received it. */
export interface Happened {
  readonly kind: "happened";
  readonly atMs: number;
  /** Order among the lines of one VM, which may share a time. */
  readonly sequence: number | undefined;
  /** The line, or what else shows it. */
  readonly evidence: string;
}

interface MomentSource {
  /** E.g. `VM "vm1" prints /Hello/`. */
  readonly description: string;
  /** The first one of this run of the VM, or a later run. */
  find(firstRun: number): Happened | undefined;
  /** Whether the VM's end is a moment, or brings it. */
  readonly isEnd: boolean;
  explain(end: WaitEnd): HarnessError;
}

/** Of the VM's latest run when it was made, or of a run to come. Make one with `moment`. */
export class Moment {
  readonly #firstRun: number;

  /** @internal */
  static of(journal: VmJournal, source: MomentSource): Moment {
    return new Moment(journal, source);
  }

  private constructor(
    private readonly journal: VmJournal,
    private readonly source: MomentSource,
  ) {
    this.#firstRun = Math.max(1, journal.run.number);
  }

  /** Start of the VM's latest run. */
  get runBeganMs(): number | undefined {
    return this.journal.run.beganMs;
  }

  /** If it has happened. */
  find(): Happened | undefined {
    return this.source.find(this.#firstRun);
  }

  /** Waits until it happens or can no longer be expected. Never rejects. */
  when(options: Patience = {}): Promise<Happened | WaitEnd> {
    const firstRun = this.#firstRun;
    const wait = { ...options, firstRun, expectsEnd: this.source.isEnd };
    return waitForVm<Happened | WaitEnd>(this.journal, () => this.find(), wait);
  }

  /** The error for a wait that failed. */
  explain(end: WaitEnd): HarnessError {
    return this.source.explain(end);
  }

  toString(): string {
    return this.source.description;
  }

  [inspect.custom](): string {
    return this.source.description;
  }
}

/** Moments of a VM's latest run, or of a run to come, for `toHappenBefore` and `toNeverPrint`. */
export const moment = {
  /** The first line that contains the string or matches the expression. */
  line: (vm: VirtualMachine, pattern: string | RegExp, options: { readonly stream?: OutputStream } = {}): Moment =>
    lineMoment(vm.control.journal, pattern, options),
  /** When the VM gets the status. */
  status: (vm: VirtualMachine, status: Status): Moment => statusMoment(vm.control.journal, status),
  /** When the boot gets to the stage, or to a later one if the VM does not tell of it. */
  stage: (vm: VirtualMachine, stage: BootStage): Moment => stageMoment(vm.control.journal, stage),
};

function lineMoment(
  journal: VmJournal,
  pattern: string | RegExp,
  { stream }: { readonly stream?: OutputStream | undefined },
): Moment {
  let search = new LineSearch(pattern);
  let next = 0;
  let found: Happened | undefined;
  let restores = journal.restores.length;
  const find = (firstRun: number): Happened | undefined => {
    if (journal.restores.length > restores) {
      // What it found may not have happened yet, or at another time of this process's clock: it looks again.
      restores = journal.restores.length;
      [search, next, found] = [new LineSearch(pattern), 0, undefined];
    }
    if (found) return found;
    const lines = journal.output.linesFrom(next, stream);
    next = journal.output.nextSequence;
    const line = lines.find((one) => one.run >= firstRun && search.match(one));
    if (line) found = { kind: "happened", atMs: line.atMs, sequence: line.sequence, evidence: shownText(line) };
    return found;
  };
  return Moment.of(journal, {
    description: `VM "${journal.vmName}" prints ${formatPattern(pattern)}`,
    find,
    isEnd: false,
    explain: (end) => consoleWaitError(journal, pattern, end, { stream }),
  });
}

function statusMoment(journal: VmJournal, status: Status): Moment {
  return Moment.of(journal, {
    description: `VM "${journal.vmName}" gets ${status}`,
    find: (firstRun) => {
      const entry = journal.transitions.history.find((one) => one.run >= firstRun && one.status === status);
      return entry && { kind: "happened", atMs: entry.atMs, sequence: undefined, evidence: entry.cause.kind };
    },
    isEnd: status !== Status.RUNNING,
    explain: (end) => waitError(journal, end, `its status to be ${status}`),
  });
}

function stageMoment(journal: VmJournal, stage: BootStage): Moment {
  return Moment.of(journal, {
    description: `VM "${journal.vmName}" reaches boot stage "${stage}"`,
    find: (firstRun) => {
      if (journal.run.number < firstRun) return undefined;
      const entry = journal.boot.stages.find((one) => stageIndex(one.stage) >= stageIndex(stage));
      return entry && { kind: "happened", atMs: entry.atMs, sequence: undefined, evidence: entry.evidence };
    },
    isEnd: false,
    explain: (end) => waitError(journal, end, `its boot to reach stage "${stage}"`),
  });
}
