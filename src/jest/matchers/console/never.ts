/** `toNeverPrint`: that a line does not come while something else runs. */
import { sleep } from "../../../base/deadline.js";
import { UsageError } from "../../../base/errors.js";
import {
  formatLastLines,
  formatLine,
  formatPattern,
  LineSearch,
  linesOfRun,
  Moment,
  situation,
  type OutputLine,
  type OutputStream,
  type Patience,
  type VirtualMachine,
} from "../../../virtualmachine/index.js";
import { untilAborted, whileBusy } from "../../../session/calls/test-context.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "../matcher.js";
import { checkMs, checkPattern, withTestSignal } from "../patience.js";

/** What the VM printed by the end of the time may still be on its way over adb. */
const ON_THEIR_WAY_MS = 250;

/** One of `during`, `until` and `forMs`; none: the latest run so far. */
export interface NeverOptions extends Patience {
  /** From now on, until this settles. A function is called; if it fails, so does the expectation, with its error. */
  readonly during?: PromiseLike<unknown> | (() => unknown);
  /** In the whole latest run, until this moment; if that cannot come any more, the expectation fails. */
  readonly until?: Moment;
  /** From now on, for so many milliseconds. */
  readonly forMs?: number;
  /** Default: console and log. */
  readonly stream?: OutputStream;
}

export async function toNeverPrint(
  this: MatcherThis,
  received: unknown,
  pattern: string | RegExp,
  options: NeverOptions = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toNeverPrint");
  checkPattern("toNeverPrint", pattern);
  checkOptions(options, this.isNot === true);
  if (vm.control.journal.run.number === 0 && options.during === undefined && options.until === undefined) {
    throw new UsageError("VM_NEVER_RAN", `VM "${vm.getName()}" was never run: that it printed nothing proves nothing.`);
  }
  const signal = withTestSignal(options.signal);
  const fromNow = options.during !== undefined || options.forMs !== undefined;
  const watch = new LineWatch(vm, pattern, options, fromNow);
  const what = `watching that VM "${vm.getName()}" does not print ${formatPattern(pattern)}`;
  try {
    const work = whileWatched(options, signal);
    const bounded = signal ? untilAborted(work, signal) : work;
    await whileBusy(what, () => Promise.race([bounded, watch.seen]));
    if (fromNow && vm.status === "RUNNING") await Promise.race([sleep(ON_THEIR_WAY_MS, signal), watch.seen]);
    // The listener finds a line that came at the last moment, the history one from before.
    const line = watch.find();
    const fault = line === undefined ? watch.silentFault() : describeLine(line, vm);
    const text = fault ?? `VM "${vm.getName()}" did not print it.`;
    return {
      pass: fault === undefined,
      message: () => `${hint(this, "toNeverPrint", formatPattern(pattern))}\n\n${text}`,
    };
  } finally {
    watch.end();
  }
}

function describeLine(line: OutputLine, vm: VirtualMachine): string {
  const { journal } = vm.control;
  const earlier = linesOfRun(journal).filter(({ sequence }) => sequence < line.sequence);
  const before = formatLastLines(earlier, 10, journal);
  return [
    `VM "${vm.getName()}" printed on its ${line.stream}:`,
    `  ${formatLine(line, journal)}`,
    ...(before.length > 0 ? ["Before that:", ...before.map((one) => `  ${one}`)] : []),
  ].join("\n");
}

async function whileWatched(options: NeverOptions, signal: AbortSignal | undefined): Promise<void> {
  const { during, until, forMs } = options;
  if (typeof during === "function") await during();
  else if (during !== undefined) await during;
  else if (forMs !== undefined) await sleep(forMs, signal);
  else if (until !== undefined) {
    const outcome = await until.when({ ...options, signal });
    if (outcome.kind !== "happened") throw until.explain(outcome);
  }
}

class LineWatch {
  /** Resolves when the line comes; the rest of the work is not awaited. */
  readonly seen: Promise<void>;
  readonly #firstSequence: number;
  readonly #firstRun: number;
  readonly #fromNow: boolean;
  readonly #diedBefore: boolean;
  #unsubscribe: () => void = () => undefined;

  constructor(
    private readonly vm: VirtualMachine,
    private readonly pattern: string | RegExp,
    private readonly options: Pick<NeverOptions, "stream" | "until">,
    fromNow: boolean,
  ) {
    this.#fromNow = fromNow;
    const { run } = vm.control.journal;
    this.#firstSequence = fromNow ? vm.output.nextSequence : 0;
    this.#firstRun = run.number;
    this.#diedBefore = run.ended !== undefined;
    const search = new LineSearch(pattern);
    this.seen = new Promise((resolve) => {
      this.#unsubscribe = vm.output.subscribe((line) => {
        if (this.#isIt(line, search)) resolve();
      });
      if (this.find()) resolve();
    });
  }

  find(): OutputLine | undefined {
    const search = new LineSearch(this.pattern);
    return this.vm.output.linesFrom(this.#firstSequence, this.options.stream).find((line) => this.#isIt(line, search));
  }

  /** The VM's silence proves nothing when it could not speak. */
  silentFault(): string | undefined {
    const { journal } = this.vm.control;
    const { run } = journal;
    const name = this.vm.getName();
    if (run.number === 0) return `VM "${name}" was never run: its silence proves nothing.`;
    if (this.#diedBefore && this.#fromNow && run.number === this.#firstRun) {
      return `VM "${name}" did not run: its silence proves nothing.`;
    }
    const crashed = journal.transitions.history.some(
      ({ run: number, cause }) => number >= this.#firstRun && cause.kind === "died" && !isOrderly(cause.reason),
    );
    if (!crashed || this.#diedBefore) return undefined;
    const fault = `VM "${name}" ended meanwhile, so that its silence proves nothing.`;
    return [fault, ...situation(journal)].join("\n");
  }

  end(): void {
    this.#unsubscribe();
  }

  #isIt(line: OutputLine, search: LineSearch): boolean {
    const { stream, until } = this.options;
    if (stream !== undefined && line.stream !== stream) return false;
    if (line.atMs > (until?.find()?.atMs ?? Infinity)) return false;
    return line.sequence >= this.#firstSequence && line.run >= this.#firstRun && search.match(line) !== undefined;
  }
}

function isOrderly(reason: { readonly kind: string; readonly name?: string }): boolean {
  return reason.name === "SHUTDOWN" || reason.name === "KILLED";
}

function checkOptions(options: NeverOptions, isNot: boolean): void {
  if (isNot) {
    throw new UsageError("DOUBLE_NEGATION", "expect(vm).not.toNeverPrint() says nothing.", { hint: "use toPrint()" });
  }
  const given = (["during", "until", "forMs"] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1)
    throw new UsageError("BAD_OPTION", `toNeverPrint() takes one of ${given.join(", ")}, not both.`);
  if (options.until !== undefined && !(options.until instanceof Moment)) {
    throw new UsageError("BAD_OPTION", 'toNeverPrint(): until takes a moment, e.g. moment.status(vm, "STOPPED").');
  }
  checkMs("toNeverPrint", "forMs", options.forMs);
}
