/** `toPrint`: a line on a VM's console or in its log. */
import { formatMs } from "../../../base/deadline.js";
import {
  consoleWaitError,
  formatLine,
  formatPattern,
  type ConsoleOutcome,
  type ConsoleWaitOptions,
  type Patience,
  type VirtualMachine,
} from "../../../virtualmachine/index.js";
import { whileBusy } from "../../../session/calls/test-context.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "../matcher.js";
import { checkMs, checkPattern, patienceOf, throwIfTestOver } from "../patience.js";

export interface PrintOptions extends Patience {
  /** Default: console and log. */
  readonly stream?: ConsoleWaitOptions["stream"];
  /** The line must have come so many milliseconds after the VM was started, at the latest. Exact. */
  readonly within?: number;
}

/**
 * Waits for a line; what the latest run has printed already counts. Fails at once when the VM can no longer be expected
 * to print it. Negated, it looks at what was printed so far, or for as long as `timeoutMs` says.
 */
export async function toPrint(
  this: MatcherThis,
  received: unknown,
  pattern: string | RegExp,
  options: PrintOptions = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toPrint");
  checkPattern("toPrint", pattern);
  checkMs("toPrint", "within", options.within);
  const shown = formatPattern(pattern);
  const patience = patienceOf("toPrint", options, this.isNot);
  const message = (text: string) => (): string => `${hint(this, "toPrint", shown)}\n\n${text}`;
  const outcome = await waitForLine(vm, pattern, { ...patience, stream: options.stream }, options.within);
  if (outcome.kind !== "matched") {
    throwIfTestOver();
    const cause = consoleWaitError(vm.control.journal, pattern, outcome, options);
    return { pass: false, message: message(cause.message), cause };
  }
  const { line } = outcome.match;
  const afterMs = line.atMs - (vm.control.journal.run.beganMs ?? line.atMs);
  const printed = `VM "${vm.getName()}" printed on its ${line.stream}:\n  ${formatLine(line, vm.control.journal)}`;
  if (options.within === undefined || afterMs <= options.within) return { pass: true, message: message(printed) };
  const late = `That is ${formatMs(afterMs)} after start, and ${formatMs(options.within)} were allowed.`;
  return { pass: false, message: message(`${printed}\n${late}`) };
}

/** No line is no failure here: for a negated matcher it is what was hoped for. */

async function waitForLine(
  vm: VirtualMachine,
  pattern: string | RegExp,
  options: ConsoleWaitOptions,
  within: number | undefined,
): Promise<ConsoleOutcome> {
  const { journal } = vm.control;
  const left = within === undefined ? Infinity : (journal.run.beganMs ?? Infinity) + within - performance.now();
  // Whatever comes later is too late; but what has come already is still looked at.
  const timeoutMs = left === Infinity ? options.timeoutMs : Math.min(options.timeoutMs ?? Infinity, Math.max(0, left));
  return whileBusy(
    `waiting for VM "${vm.getName()}" to print ${formatPattern(pattern)}`,
    () => vm.watchConsole(pattern, { ...options, timeoutMs }),
    () => withoutFirstLine(consoleWaitError(journal, pattern, { kind: "timed-out", afterMs: 0 }, options).message),
  );
}

/** The sentence on what was waited for, which is said already. */
function withoutFirstLine(text: string): string {
  return text.slice(text.indexOf("\n") + 1);
}
