/** The KTAP that a VM prints, read as it comes: a wait for its end. */
import { KtapParser, type KtapReport } from "../../../ktap/index.js";
import {
  waitForVm,
  type OutputStream,
  type Patience,
  type VirtualMachine,
  type WaitEnd,
} from "../../../virtualmachine/index.js";

/** Behind the last planned result, for one that was not planned, and for lines that tell of the last. */
const SETTLE_MS = 300;

/** `complete`: as many documents as were wanted are complete, and none is open. */
export type ReadingEnd = { readonly kind: "complete" } | WaitEnd;

export class KtapReading {
  readonly #parser = new KtapParser();
  readonly #firstRun: number;
  readonly #settleMs: number;
  /** When its output became complete, unless it is not. */
  #completeSinceMs: number | undefined;
  #next = 0;

  constructor(
    private readonly vm: VirtualMachine,
    private readonly stream: OutputStream,
    private readonly wanted: number,
  ) {
    this.#firstRun = Math.max(1, vm.control.journal.run.number);
    this.#settleMs = SETTLE_MS * vm.slowness;
  }

  /** Whether there was any. */
  get hasBegun(): boolean {
    return this.#parser.begun > 0;
  }

  untilEnd(patience: Patience): Promise<ReadingEnd> {
    const { journal } = this.vm.control;
    // While the output is complete, it is looked at once more when it has settled.
    const changes = {
      subscribe: (listener: () => void): (() => void) => {
        const timer = setInterval(() => {
          if (this.#completeSinceMs !== undefined) listener();
        }, this.#settleMs);
        const unsubscribe = journal.changes.subscribe(listener);
        return () => {
          clearInterval(timer);
          unsubscribe();
        };
      },
    };
    return waitForVm<ReadingEnd>(journal, () => this.#probe(), { ...patience, firstRun: this.#firstRun, changes });
  }

  /** What there was, which is all that there will be. */
  report(): KtapReport {
    this.#read();
    return this.#parser.end();
  }

  #probe(): ReadingEnd | undefined {
    this.#read();
    const { completed } = this.#parser;
    const nowMs = performance.now();
    if (completed < this.wanted) this.#completeSinceMs = undefined;
    else this.#completeSinceMs ??= nowMs;
    if (this.#completeSinceMs === undefined) return undefined;
    const isOver = this.vm.control.journal.run.ended !== undefined;
    return isOver || nowMs - this.#completeSinceMs >= this.#settleMs - 1 ? { kind: "complete" } : undefined;
  }

  #read(): void {
    const { output } = this.vm;
    for (const line of output.linesFrom(this.#next, this.stream)) {
      if (line.run < this.#firstRun) continue;
      if (line.piece === undefined || line.piece === "first") this.#parser.push(line.text);
    }
    this.#next = output.nextSequence;
  }
}
