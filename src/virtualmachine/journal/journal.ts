/** Everything that is known of a VM from its events alone: status, runs, transitions, output. Asks nobody anything. */
import { BootProgress, type BootPast } from "../boot/progress.js";
import { BOOTED, CUSTOM_BOOTED } from "../boot/stages.js";
import { callersMistake } from "../run/callers-mistake.js";
import { CrashReports } from "../crash/crash-reports.js";
import { Status } from "../constants.js";
import { Notifier } from "./notifier.js";
import { OutputPipe } from "../run/output-pipe.js";
import { OutputRecorder, type OutputPast } from "../lines/output.js";
import { EventHistory, nowMs } from "./record.js";
import { DebuggerHold } from "../gdb/debugger-hold.js";
import type { DeathReason, VmState } from "../../virtualizationservice/contract.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";
import type { OutputLine } from "../lines/line-history.js";
import type { RunSession, StampedEvent } from "../run/run-session.js";
import type { RecordedEvent, Transition, TransitionCause } from "./record.js";

/** The latest run: going on, ended, or not begun yet (number 0). */
interface RunSummary {
  readonly number: number;
  readonly beganMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly ended: DeathReason | undefined;
}

/** All that was known of a VM at a moment, as plain data. */
export interface JournalPast {
  readonly takenMs: number;
  readonly status: Status;
  readonly run: RunSummary;
  readonly transitions: readonly Transition[];
  readonly events: readonly RecordedEvent[];
  readonly output: OutputPast;
  readonly boot: BootPast;
  readonly state: VmState;
  readonly cid: number | undefined;
}

/** What a VM runs on, as far as waits need to know. */
interface Surroundings {
  /** That the VM has now. */
  readonly config: () => VirtualMachineConfig;
  /** How many times slower than usual the device is; 1 or more. */
  readonly slowness: number;
  /** Fires when the device is gone; its reason says how. */
  readonly gone: AbortSignal | undefined;
}

export function readSurroundings({ slowness = 1, gone }: VmContext, config: () => VirtualMachineConfig): Surroundings {
  return { slowness: Math.max(1, slowness), gone, config };
}

export class VmJournal {
  readonly output: OutputRecorder;
  readonly events: EventHistory<RecordedEvent>;
  readonly transitions: EventHistory<Transition>;
  readonly console = new OutputPipe();
  readonly log = new OutputPipe();
  readonly boot: BootProgress;
  readonly hold = new DebuggerHold();
  #lookAtDebugger: () => void = () => undefined;
  /** After each change of any kind; what waits listen to. */
  readonly changes: Notifier<void>;
  #run: RunSummary = { number: 0, beganMs: undefined, endedMs: undefined, ended: undefined };
  #status: Status = Status.STOPPED;
  #state: VmState = "NOT_STARTED";
  #cid: number | undefined;
  #restores: readonly number[] = [];
  readonly #crashes = new CrashReports();

  constructor(
    readonly vmName: string,
    cause: TransitionCause,
    readonly surroundings: Surroundings,
    onListenerError: (error: unknown) => void,
  ) {
    this.output = new OutputRecorder(onListenerError);
    this.events = new EventHistory(onListenerError);
    this.transitions = new EventHistory(onListenerError);
    this.boot = new BootProgress(onListenerError, () =>
      this.surroundings.config().getCustomImageConfig() ? CUSTOM_BOOTED : BOOTED,
    );
    this.output.subscribe((line) => {
      this.boot.line(line);
      this.#crashed(this.#crashes.line(line), line.atMs);
    });
    this.changes = new Notifier(onListenerError);
    this.transitions.append({ status: Status.STOPPED, previous: undefined, cause, atMs: nowMs(), run: 0 });
  }

  get status(): Status {
    return this.#status;
  }

  get run(): RunSummary {
    return this.#run;
  }

  /** The service's own state of the latest run. */
  get state(): VmState {
    return this.#state;
  }

  /** Of the latest run, also after its end. */
  get lastCid(): number | undefined {
    return this.#cid;
  }

  /** The run that each restore of a checkpoint returned to, oldest first. */
  get restores(): readonly number[] {
    return this.#restores;
  }

  /** Of the latest run. */
  lastLines(count: number): readonly OutputLine[] {
    const ofRun = this.output.lines().filter((line) => line.run === this.#run.number);
    return ofRun.slice(-count);
  }

  /** What to change in the configuration, where that is why the latest run ended. */
  get callersMistake(): string | undefined {
    const { number, ended } = this.#run;
    if (ended === undefined || this.transitions.history.at(-1)?.cause.kind === "stop") return undefined;
    const events = this.events.history.filter(({ run }) => run === number);
    return callersMistake({ config: this.surroundings.config(), reason: ended, events });
  }

  /** A run is asked for; it may still fail to start. Returns its number. */
  runAsked(): number {
    this.#run = { number: this.#run.number + 1, beganMs: undefined, endedMs: undefined, ended: undefined };
    this.#state = "NOT_STARTED";
    this.#cid = undefined;
    this.boot.runAsked(this.#run.number);
    this.changes.emit();
    return this.#run.number;
  }

  runBegan(cid: number, atMs: number): void {
    this.#run = { ...this.#run, beganMs: atMs };
    this.#cid = cid;
    this.boot.runBegan(atMs);
    this.#enter(Status.RUNNING, { kind: "run", cid }, atMs);
    this.changes.emit();
  }

  runFailed(reason: DeathReason): void {
    this.output.endRun(nowMs());
    this.#run = { ...this.#run, ended: reason, endedMs: nowMs() };
    this.changes.emit();
  }

  deleted(cause: TransitionCause): void {
    this.#enter(Status.DELETED, cause, nowMs());
    this.changes.emit();
  }

  past(): JournalPast {
    return {
      ...{ takenMs: nowMs(), status: this.#status, run: this.#run, output: this.output.past() },
      ...{ boot: this.boot.past(), state: this.#state, cid: this.#cid },
      transitions: this.transitions.history,
      events: this.events.history,
    };
  }

  /**
   * Knows only what it knew then, and that it was put back. Times are moved so that the moment of then is now: what comes
   * next follows without a gap, in whichever process.
   */
  rewind(past: JournalPast, checkpoint: string): void {
    const shiftMs = nowMs() - past.takenMs;
    const shifted = <T extends { readonly atMs: number }>(entry: T): T => ({ ...entry, atMs: entry.atMs + shiftMs });
    const shift = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms + shiftMs);
    const previous = this.#status;
    this.output.rewind(past.output, shiftMs);
    this.boot.rewind(past.boot, shiftMs);
    this.#state = past.state;
    this.#cid = past.cid;
    this.events.replace(past.events.map(shifted));
    this.transitions.replace(past.transitions.map(shifted));
    this.#run = { ...past.run, beganMs: shift(past.run.beganMs), endedMs: shift(past.run.endedMs) };
    this.#status = past.status;
    this.#restores = [...this.#restores, past.run.number];
    const goesOn = past.status === Status.RUNNING && past.cid !== undefined ? { cid: past.cid } : {};
    const cause = { kind: "restored", checkpoint, ...goesOn } as const;
    this.transitions.append({ status: past.status, previous, cause, atMs: nowMs(), run: this.#run.number });
    this.#lookAtDebugger();
    this.changes.emit();
  }

  /**
   * A debugger holds the VM while it is connected. crosvm lets no processor run before a first one came: until then a VM
   * that has not said anything is held as well.
   */
  watchDebugger(door: { readonly isConnected: boolean; onChange(listener: () => void): void }): void {
    const run = this.#run.number;
    const { length: restores } = this.#restores;
    const silentUpTo = this.lastLines(1).length === 0 ? this.output.nextSequence : -1;
    let hasCome = false;
    this.#lookAtDebugger = () => {
      hasCome ||= door.isConnected;
      // The door does not lead to the VM that was put back, although its run has the same number.
      const goesOn = this.#run.number === run && this.#run.ended === undefined && this.#restores.length === restores;
      const isSilent = !hasCome && this.output.nextSequence === silentUpTo;
      const changed = this.hold.set(goesOn && (door.isConnected || isSilent), nowMs());
      if (changed) this.changes.emit();
    };
    door.onChange(this.#lookAtDebugger);
    this.#lookAtDebugger();
  }

  /** An event of the current run. */
  receive({ event, atMs }: StampedEvent, session: RunSession, captured: boolean): void {
    const run = session.number;
    if (event.kind === "console" || event.kind === "log") {
      this.output.push(event.kind, event.chunk, atMs, run);
      if (captured) this[event.kind].write(event.chunk);
    } else {
      if (event.kind === "state") this.#state = event.state;
      if (event.kind === "died") this.#runEnded(event.reason, session, atMs);
      this.boot.event(event, atMs);
      this.events.append({ event, atMs, run });
    }
    this.#lookAtDebugger();
    this.changes.emit();
  }

  #crashed(report: string | undefined, atMs: number): void {
    if (report === undefined) return;
    this.events.append({ event: { kind: "crash", report }, atMs, run: this.#run.number });
  }

  #runEnded(reason: DeathReason, session: RunSession, atMs: number): void {
    this.output.endRun(atMs);
    this.#crashed(this.#crashes.end(), atMs);
    this.#run = { ...this.#run, ended: reason, endedMs: atMs };
    this.#enter(Status.STOPPED, { kind: session.stopRequested ? "stop" : "died", reason }, atMs);
  }

  #enter(status: Status, cause: TransitionCause, atMs: number): void {
    // Deleted stays deleted.
    if (status === this.#status || this.#status === Status.DELETED) return;
    const previous = this.#status;
    this.#status = status;
    this.transitions.append({ status, previous, cause, atMs, run: this.#run.number });
  }
}
