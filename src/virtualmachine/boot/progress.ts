/** The boot of a VM's latest run as a list of stages with times, and a record of all that were reached in any run. */
import { EventHistory } from "../journal/record.js";
import { BOOT_STAGES, BOOTED, stageIndex, stagesOfLine, type BootStage } from "./stages.js";
import { troubleOfLine, type TroubleKind } from "./trouble.js";
import type { OutputLine } from "../lines/line-history.js";
import type { LifecycleEvent } from "../journal/record.js";

export interface ReachedStage {
  readonly stage: BootStage;
  /** On the records' clock. */
  readonly atMs: number;
  /** Since the VM process was started. */
  readonly afterMs: number;
  readonly run: number;
  /** The line, or the event, that shows it. */
  readonly evidence: string;
}

export interface Trouble {
  readonly kind: TroubleKind;
  readonly line: OutputLine;
}

/** What everybody may read of a boot. */
export interface VmBoot {
  /** Furthest stage of the latest run; undefined before it began. */
  readonly stage: BootStage | undefined;
  /** Stages of the latest run, in their order. One whose sign came late is never later than those after it. */
  readonly stages: readonly ReachedStage[];
  /** Of all runs, in the order in which they were noticed. */
  readonly log: EventHistory<ReachedStage>;
  /** First panic or crash of the latest run. */
  readonly trouble: Trouble | undefined;
}

/** All that was known of a boot at a moment, as plain data. */
export interface BootPast {
  readonly run: number;
  readonly beganMs: number | undefined;
  readonly movedMs: number | undefined;
  readonly stages: readonly ReachedStage[];
  readonly trouble: Trouble | undefined;
  readonly log: readonly ReachedStage[];
}

/** No sign is longer. */
const SIGN_CHARACTERS = 256;

export class BootProgress implements VmBoot {
  readonly log: EventHistory<ReachedStage>;
  readonly #reached = new Map<BootStage, ReachedStage>();
  #run = 0;
  #beganMs: number | undefined;
  #movedMs: number | undefined;
  #trouble: Trouble | undefined;
  /** End of a line's last piece, where the line continues in another. */
  readonly #tails = { console: "", log: "" };

  /** @param bootedAt the stage at which the boot is over */
  constructor(
    onListenerError: (error: unknown) => void,
    private readonly bootedAt: () => BootStage = () => BOOTED,
  ) {
    this.log = new EventHistory(onListenerError);
  }

  get stage(): BootStage | undefined {
    return BOOT_STAGES.findLast((stage) => this.#reached.has(stage));
  }

  get stages(): readonly ReachedStage[] {
    const stages = BOOT_STAGES.flatMap((stage) => this.#reached.get(stage) ?? []);
    // Console and log come by ways of their own, so that the sign of a stage may be overtaken by that of the next.
    for (let index = stages.length - 2; index >= 0; index--) {
      const [here, next] = [stages[index]!, stages[index + 1]!];
      if (here.atMs > next.atMs) stages[index] = { ...here, atMs: next.atMs, afterMs: next.afterMs };
    }
    return stages;
  }

  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  /** When a stage was reached or, during the boot, a line came; undefined before the run began. */
  get movedMs(): number | undefined {
    return this.#movedMs;
  }

  get isOver(): boolean {
    const { stage } = this;
    return stage !== undefined && stageIndex(stage) >= stageIndex(this.bootedAt());
  }

  runAsked(run: number): void {
    this.#run = run;
    this.#reached.clear();
    this.#beganMs = this.#movedMs = this.#trouble = undefined;
  }

  runBegan(atMs: number): void {
    this.#beganMs = atMs;
    this.#reach("vmm", atMs, "the service started the VM");
  }

  past(): BootPast {
    return {
      ...{ run: this.#run, beganMs: this.#beganMs, movedMs: this.#movedMs, trouble: this.#trouble },
      stages: [...this.#reached.values()],
      log: this.log.history,
    };
  }

  /** Knows only what it knew then, with all times moved. */
  rewind(past: BootPast, shiftMs: number): void {
    const shifted = <T extends { readonly atMs: number }>(entry: T): T => ({ ...entry, atMs: entry.atMs + shiftMs });
    const shift = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms + shiftMs);
    this.#run = past.run;
    this.#beganMs = shift(past.beganMs);
    this.#movedMs = shift(past.movedMs);
    this.#trouble = past.trouble && { ...past.trouble, line: shifted(past.trouble.line) };
    this.#reached.clear();
    for (const entry of past.stages) this.#reached.set(entry.stage, shifted(entry));
    this.log.replace(past.log.map(shifted));
  }

  line(line: OutputLine): void {
    if (line.run !== this.#run) return;
    const text = this.#withTail(line);
    const kind = this.#trouble === undefined ? troubleOfLine(text) : undefined;
    if (kind) this.#trouble = { kind, line };
    if (this.isOver) {
      // A sign that was overtaken still gives its stage a time.
      if (!this.#reached.has("verified")) this.#signs(line, text);
      return;
    }
    this.#movedMs = Math.max(this.#movedMs ?? line.atMs, line.atMs);
    this.#signs(line, text);
  }

  event(event: LifecycleEvent, atMs: number): void {
    if (event.kind === "payload-started") this.#reach("payload", atMs, event.kind);
    if (event.kind === "payload-ready") this.#reach("ready", atMs, event.kind);
  }

  #signs(line: OutputLine, text: string): void {
    for (const { stage, beforeMs } of stagesOfLine(text)) this.#reach(stage, line.atMs - beforeMs, line.text);
  }

  /** The words of a sign may lie on both sides of a cut. */
  #withTail({ stream, text, piece }: OutputLine): string {
    // The blank keeps what is no beginning of a line from looking like one.
    const whole = piece === "middle" || piece === "last" ? ` ${this.#tails[stream]}${text}` : text;
    this.#tails[stream] = piece === "first" || piece === "middle" ? whole.slice(-SIGN_CHARACTERS) : "";
    return whole;
  }

  #reach(stage: BootStage, when: number, evidence: string): void {
    if (this.#reached.has(stage)) return;
    // A guest's clock is not ours: nothing of it was before the VM itself.
    const atMs = Math.max(when, this.#beganMs ?? when);
    const afterMs = atMs - (this.#beganMs ?? atMs);
    const reached: ReachedStage = { stage, atMs, afterMs, run: this.#run, evidence: evidence.slice(0, 200) };
    this.#reached.set(stage, reached);
    this.#movedMs = Math.max(this.#movedMs ?? atMs, atMs);
    this.log.append(reached);
  }
}
