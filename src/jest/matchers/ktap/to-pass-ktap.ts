/** `toPassKtap`: the results that a kernel's tests print on a VM's console. */
import type { SubtestCase } from "../../../artifacts/events/subtests.js";
import { UsageError } from "../../../base/errors.js";
import { caseName, isFailure, ktapCases, type KtapCase } from "../../../ktap/index.js";
import {
  VirtualMachineException,
  waitError,
  type OutputStream,
  type Patience,
  type VirtualMachine,
} from "../../../virtualmachine/index.js";
import { noteSubtests, whileBusy } from "../../../session/calls/test-context.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "../matcher.js";
import { checkPattern, patienceOf, throwIfTestOver } from "../patience.js";
import { describeFailures, summaryOf } from "./failure-text.js";
import { KtapReading, type ReadingEnd } from "./reading.js";

export interface KtapOptions extends Patience {
  /** Which sub-tests may be skipped: all, or those whose name contains or matches one of these. Default: none. */
  readonly allowSkip?: boolean | string | RegExp | readonly (string | RegExp)[];
  /** How many KTAP outputs there are, one after the other: each has a version line or a plan of its own. Default: 1. */
  readonly documents?: number;
  /** Default: `console`. */
  readonly stream?: OutputStream;
}

/**
 * Waits for the end of the KTAP output; what the latest run has printed already counts. Fails at once when the VM can no
 * longer be expected to end it. The reports list each sub-test.
 */
export async function toPassKtap(
  this: MatcherThis,
  received: unknown,
  options: KtapOptions = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toPassKtap");
  const mayBeSkipped = checkOptions(options);
  const patience = patienceOf("toPassKtap", options, false);
  const reading = new KtapReading(vm, options.stream ?? "console", options.documents ?? 1);
  const what = `waiting for VM "${vm.getName()}" to end its KTAP output`;
  // Tests of a kernel may be silent for long; who gives a time knows how long, and no silence ends the wait before.
  const budgetMs = patience.budgetMs ?? (patience.timeoutMs === undefined ? undefined : Infinity);
  const end = await whileBusy(what, () => reading.untilEnd({ ...patience, budgetMs }));
  const report = reading.report();
  const cases = ktapCases(report);
  noteSubtests(vm.getName(), vm.control.journal.run.number, cases.map(recorded));
  if (end.kind !== "complete") throwIfTestOver();
  const cause = whyNotEnded(vm, end, cases, options.documents ?? 1, report.documents.length);
  const skipped = cases.filter((one) => one.status === "skipped" && !mayBeSkipped(one));
  const failures = describeFailures(cases, skipped);
  const told = `VM "${vm.getName()}" ran ${summaryOf(cases)}.`;
  const text = [
    ...(cases.length > 0 || cause === undefined ? [told, ...failures] : []),
    ...(cause === undefined ? [] : [...(cases.length > 0 ? [""] : []), cause.message]),
  ].join("\n");
  const pass = cause === undefined && failures.length === 0;
  // Only results prove that tests failed: output that never came, or did not end, proves nothing.
  if (this.isNot === true && cause !== undefined && !cases.some(isFailure)) throw cause;
  const failure = pass
    ? undefined
    : (cause ?? new VirtualMachineException("KTAP_FAILED", told, { vmName: vm.getName() }));
  return { pass, message: () => `${hint(this, "toPassKtap", "")}\n\n${text}`, cause: failure };
}

/** Output without a plan ends with the VM, if that ends in good order. */
function whyNotEnded(
  vm: VirtualMachine,
  end: ReadingEnd,
  cases: readonly KtapCase[],
  wanted: number,
  documents: number,
): Error | undefined {
  if (end.kind === "complete") return undefined;
  const inOrder = end.kind === "died" && end.reason.kind === "known" && end.reason.name === "SHUTDOWN";
  if (inOrder && documents >= wanted && !cases.some(({ status }) => status === "missing")) return undefined;
  return waitError(vm.control.journal, end, "the end of its KTAP output");
}

function checkOptions({ allowSkip, documents, stream }: KtapOptions): (one: KtapCase) => boolean {
  if (documents !== undefined && !(Number.isInteger(documents) && documents > 0)) {
    throw new UsageError("BAD_OPTION", `toPassKtap(): documents is a number from 1, not ${JSON.stringify(documents)}.`);
  }
  if (stream !== undefined && stream !== "console" && stream !== "log") {
    throw new UsageError("BAD_OPTION", `toPassKtap(): stream is "console" or "log", not ${JSON.stringify(stream)}.`);
  }
  if (allowSkip === undefined || typeof allowSkip === "boolean") return () => allowSkip === true;
  const patterns = Array.isArray(allowSkip) ? (allowSkip as readonly (string | RegExp)[]) : [allowSkip];
  for (const pattern of patterns) checkPattern("toPassKtap", pattern);
  return (one) => {
    const name = caseName(one);
    return patterns.some((pattern) =>
      typeof pattern === "string" ? name.includes(pattern) : name.search(pattern as RegExp) >= 0,
    );
  };
}

/** What passed needs no more words. */
function recorded(one: KtapCase): SubtestCase {
  const { names, status, reason, diagnostics } = one;
  return {
    ...{ names, status },
    ...(reason === undefined ? {} : { reason }),
    ...(isFailure(one) && diagnostics.length > 0 ? { diagnostics: diagnostics.slice(-40) } : {}),
  };
}
