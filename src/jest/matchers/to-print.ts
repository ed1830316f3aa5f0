/** `toPrint`: a line on a VM's console or in its log. */
import { UsageError } from "../../base/errors.js";
import { ConsoleWaitError, DEFAULT_WAIT_MS, type ConsoleWaitOptions } from "../../virtualmachine/index.js";
import { callSignal, whileBusy } from "../test-context.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "./matcher.js";

export type PrintOptions = Partial<Pick<ConsoleWaitOptions, "timeoutMs" | "stream" | "signal">>;

/**
 * Waits for a line; what the latest run has printed already counts. Fails at once when the VM ends first. Negated, it
 * looks at what was printed so far, or for as long as `timeoutMs` says.
 */
export async function toPrint(
  this: MatcherThis,
  received: unknown,
  pattern: string | RegExp,
  options: PrintOptions = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toPrint");
  if (typeof pattern !== "string" && Object.prototype.toString.call(pattern) !== "[object RegExp]") {
    throw new UsageError("BAD_PATTERN", "toPrint() takes a string or a regular expression.");
  }
  const shown = typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern);
  const timeoutMs = options.timeoutMs ?? (this.isNot === true ? 0 : DEFAULT_WAIT_MS);
  const signal = options.signal ?? callSignal();
  try {
    const { line } = await whileBusy(`waiting for VM "${vm.getName()}" to print ${shown}`, () =>
      vm.waitForConsole(pattern, { ...options, timeoutMs, signal }),
    );
    const printed = `VM "${vm.getName()}" printed on its ${line.stream}:\n  ${line.text}`;
    return { pass: true, message: () => `${hint(this, "toPrint", shown)}\n\n${printed}` };
  } catch (error) {
    if (!(error instanceof ConsoleWaitError)) throw error;
    signal?.throwIfAborted();
    return { pass: false, message: () => `${hint(this, "toPrint", shown)}\n\n${error.message}` };
  }
}
