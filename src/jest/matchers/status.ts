/** Matchers on what a VM is and was: status, transitions, CID. */
import { UsageError } from "../../base/errors.js";
import { formatMs } from "../../base/deadline.js";
import {
  DEFAULT_BUDGET_MS,
  formatLastLines,
  linesOfRun,
  situation,
  Status,
  waitError,
  type VirtualMachine,
} from "../../virtualmachine/index.js";
import { whileBusy } from "../../session/calls/test-context.js";
import { checkMs, throwIfTestOver, withTestSignal } from "./patience.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "./matcher.js";

export interface ReachOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Asks the VM, and the device behind it, for its status now. */
export async function toHaveStatus(this: MatcherThis, received: unknown, status: Status): Promise<MatcherResult> {
  const vm = requireVm(received, "toHaveStatus");
  checkStatus(status);
  const actual = await vm.getStatus();
  return {
    pass: actual === status,
    message: () =>
      [
        hint(this, "toHaveStatus", status),
        "",
        `VM "${vm.getName()}" is ${actual}.`,
        ...historyLines(vm),
        ...lastOutput(vm),
      ].join("\n"),
  };
}

/** Waits until the VM gets there. Being there already counts. */
export async function toReachStatus(
  this: MatcherThis,
  received: unknown,
  status: Status,
  options: ReachOptions = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toReachStatus");
  checkStatus(status);
  checkMs("toReachStatus", "timeoutMs", options.timeoutMs);
  const timeoutMs = options.timeoutMs ?? (this.isNot === true ? 0 : DEFAULT_BUDGET_MS * vm.slowness);
  const signal = withTestSignal(options.signal);
  const outcome = await whileBusy(`waiting for VM "${vm.getName()}" to be ${status}`, () =>
    vm.waitForStatus(status, { timeoutMs, signal }),
  );
  if (outcome.kind !== "reached") throwIfTestOver();
  const { journal } = vm.control;
  const cause = outcome.kind === "reached" ? undefined : waitError(journal, outcome, `its status to be ${status}`);
  const after = outcome.kind === "timed-out" ? ` after ${formatMs(outcome.afterMs)}` : "";
  return {
    pass: outcome.kind === "reached",
    cause,
    message: () =>
      [
        hint(this, "toReachStatus", status),
        "",
        `VM "${vm.getName()}" is ${vm.status}${after}.`,
        ...historyLines(vm),
        ...lastOutput(vm),
      ].join("\n"),
  };
}

/** All statuses the VM went through, beginning with STOPPED when it was made. */
export function toHaveTransitions(this: MatcherThis, received: unknown, expected: readonly Status[]): MatcherResult {
  const vm = requireVm(received, "toHaveTransitions");
  if (!Array.isArray(expected))
    throw new UsageError("BAD_TRANSITIONS", "toHaveTransitions() takes a list of statuses.");
  for (const status of expected as readonly Status[]) checkStatus(status);
  // That the device was put back is noted there as well, and leaves the status as it was.
  const actual = vm.transitions.filter(({ cause }) => cause.kind !== "restored").map(({ status }) => status);
  return {
    pass: this.equals(actual, expected),
    message: () =>
      [
        hint(this, "toHaveTransitions", JSON.stringify(expected)),
        "",
        this.utils.printDiffOrStringify(expected, actual, "Expected", "Received", false),
        ...historyLines(vm),
        ...lastOutput(vm),
      ].join("\n"),
  };
}

/** That the VM runs and has this CID, or, without an argument, any that a guest can have. */
export function toHaveCid(this: MatcherThis, received: unknown, expected?: unknown): MatcherResult {
  const vm = requireVm(received, "toHaveCid");
  const { cid } = vm;
  // 0 to 2 are the hypervisor, the loopback and the host.
  const pass = expected === undefined ? cid !== undefined && cid > 2 : this.equals(cid, expected);
  const has = cid === undefined ? `is ${vm.status} and has no CID` : `has CID ${cid}`;
  return {
    pass,
    message: () =>
      [
        hint(this, "toHaveCid", expected === undefined ? "" : this.utils.printExpected(expected)),
        "",
        `VM "${vm.getName()}" ${has}.`,
        ...historyLines(vm),
      ].join("\n"),
  };
}

function checkStatus(status: unknown): void {
  if (typeof status === "string" && Object.hasOwn(Status, status)) return;
  const names = Object.keys(Status).join(", ");
  throw new UsageError("BAD_STATUS", `There is no status ${JSON.stringify(status)}; a VM is one of ${names}.`);
}

function historyLines(vm: VirtualMachine): readonly string[] {
  const start = vm.transitions[0]?.atMs ?? 0;
  const steps = vm.transitions.map(({ status, cause, atMs }) => {
    const why = "reason" in cause ? ` (${cause.kind}: ${reasonText(cause.reason)})` : ` (${cause.kind})`;
    return `  ${formatMs(atMs - start).padStart(9)}  ${status}${why}`;
  });
  return ["Its history:", ...steps];
}

function reasonText(
  reason: { readonly kind: "known"; readonly name: string } | { readonly kind: "unrecognised"; readonly raw: string },
): string {
  return reason.kind === "known" ? reason.name : reason.raw;
}

function lastOutput(vm: VirtualMachine): readonly string[] {
  const { journal } = vm.control;
  const lines = formatLastLines(linesOfRun(journal), 10, journal).map((line) => `  ${line}`);
  return [...situation(journal), ...(lines.length === 0 ? [] : ["Last output:", ...lines])];
}
