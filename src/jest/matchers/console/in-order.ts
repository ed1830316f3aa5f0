/** `toPrintInOrder`: several lines of a VM, one after the other. */
import { formatMs } from "../../../base/deadline.js";
import { UsageError } from "../../../base/errors.js";
import {
  consoleWaitError,
  formatLine,
  formatPattern,
  LineSearch,
  waitForVm,
  type OutputLine,
  type VirtualMachine,
  type WaitEnd,
} from "../../../virtualmachine/index.js";
import { whileBusy } from "../../../session/calls/test-context.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "../matcher.js";
import { checkMs, checkPattern, patienceOf, throwIfTestOver } from "../patience.js";
import type { PrintOptions } from "./to-print.js";

export interface PrintInOrderOptions extends Omit<PrintOptions, "within"> {
  /** From the first line to the last, at most so many milliseconds. Exact. */
  readonly within?: number;
}

/** Each pattern is looked for in the lines behind the one that the pattern before it took; others may lie between. */
export async function toPrintInOrder(
  this: MatcherThis,
  received: unknown,
  patterns: readonly (string | RegExp)[],
  options: PrintInOrderOptions = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toPrintInOrder");
  checkPatterns(patterns);
  checkMs("toPrintInOrder", "within", options.within);
  const patience = patienceOf("toPrintInOrder", options, this.isNot);
  const search = new OrderedSearch(vm, patterns, options.stream);
  const work = (): Promise<WaitEnd | "all"> =>
    waitForVm<WaitEnd | "all">(vm.control.journal, () => (search.look() ? "all" : undefined), {
      ...patience,
      firstRun: search.firstRun,
    });
  const end = await whileBusy(`waiting for VM "${vm.getName()}" to print ${patterns.length} lines in order`, work);
  if (end !== "all") throwIfTestOver();
  const cause = end === "all" ? undefined : search.missingError(end);
  const text = cause === undefined ? search.describeAll(options.within) : search.describeMissing(cause);
  const inTime = options.within === undefined || search.spanMs <= options.within;
  const expected = `[${patterns.map(formatPattern).join(", ")}]`;
  return {
    pass: end === "all" && inTime,
    cause,
    message: () => `${hint(this, "toPrintInOrder", expected)}\n\n${text}`,
  };
}

class OrderedSearch {
  readonly firstRun: number;
  readonly #found: OutputLine[] = [];
  readonly #searches: readonly LineSearch[];
  #next = 0;

  constructor(
    private readonly vm: VirtualMachine,
    private readonly patterns: readonly (string | RegExp)[],
    private readonly stream: PrintOptions["stream"],
  ) {
    this.firstRun = Math.max(1, vm.control.journal.run.number);
    this.#searches = patterns.map((pattern) => new LineSearch(pattern));
  }

  /** Whether all were found by now. */
  look(): boolean {
    const lines = this.vm.output.linesFrom(this.#next, this.stream);
    this.#next = this.vm.output.nextSequence;
    for (const line of lines) {
      if (line.run < this.firstRun) continue;
      const [wanted, ...later] = this.#searches.slice(this.#found.length);
      if (wanted === undefined) break;
      for (const search of later) search.skip(line);
      if (wanted.match(line)) this.#found.push(line);
    }
    return this.#found.length === this.patterns.length;
  }

  get spanMs(): number {
    return (this.#found.at(-1)?.atMs ?? 0) - (this.#found[0]?.atMs ?? 0);
  }

  describeAll(within: number | undefined): string {
    const allowed = within === undefined ? "" : `, and ${formatMs(within)} were allowed`;
    return [
      `VM "${this.vm.getName()}" printed all of them in ${formatMs(this.spanMs)}${allowed}:`,
      ...this.#foundLines(),
    ].join("\n");
  }

  missingError(end: WaitEnd): Error {
    return consoleWaitError(this.vm.control.journal, this.#missing, end, { stream: this.stream });
  }

  describeMissing({ message }: Error): string {
    const { journal } = this.vm.control;
    const missing = this.#missing;
    const early = this.#printedEarly(missing);
    return [
      this.#found.length === 0 ? "None of them was printed." : `Printed, in order:`,
      ...this.#foundLines(),
      `Missing after that, as number ${this.#found.length + 1} of ${this.patterns.length}: ${formatPattern(missing)}`,
      ...(early ? [`It was printed, but before:\n  ${formatLine(early, journal)}`] : []),
      "",
      message,
    ].join("\n");
  }

  get #missing(): string | RegExp {
    return this.patterns[this.#found.length]!;
  }

  #foundLines(): readonly string[] {
    return this.#found.map((line) => `  ${formatLine(line, this.vm.control.journal)}`);
  }

  #printedEarly(pattern: string | RegExp): OutputLine | undefined {
    const last = this.#found.at(-1)?.sequence ?? -1;
    const search = new LineSearch(pattern);
    return this.vm.output
      .lines(this.stream)
      .filter((line) => line.run >= this.firstRun && line.sequence <= last && search.match(line) !== undefined)
      .at(-1);
  }
}

function checkPatterns(patterns: unknown): void {
  if (!Array.isArray(patterns) || patterns.length === 0) {
    throw new UsageError("BAD_PATTERN", "toPrintInOrder() takes a list of strings and regular expressions.");
  }
  for (const pattern of patterns) checkPattern("toPrintInOrder", pattern);
}
