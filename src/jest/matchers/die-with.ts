/** `toDieWith`: how a VM ends. */
import { UsageError } from "../../base/errors.js";
import {
  formatPattern,
  reasonName,
  STOP_REASONS,
  waitError,
  type Patience,
  type VirtualMachine,
  type WaitOutcome,
} from "../../virtualmachine/index.js";
import { whileBusy } from "../../session/calls/test-context.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "./matcher.js";
import { patienceOf, throwIfTestOver } from "./patience.js";

/** As Android's `STOP_REASON_*` has them, and one that its service gives without a name in Java's API. */
export type DeathReasonName = keyof typeof STOP_REASONS | "WATCHDOG_REBOOT";

const NAMES: readonly string[] = [...Object.keys(STOP_REASONS), "WATCHDOG_REBOOT"];

/**
 * Waits for the end of the VM's latest run, or of a run to come; one that has ended counts. Fails as soon as it ends for
 * another reason. Negated, it looks at whether it has ended so by now, or for as long as `timeoutMs` says.
 */
export async function toDieWith(
  this: MatcherThis,
  received: unknown,
  reason: unknown,
  options: Patience = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toDieWith");
  const wanted = wantedReason(reason, this);
  const isNot = this.isNot === true;
  if (isNot && vm.control.journal.run.number === 0) {
    throw new UsageError("VM_NEVER_RAN", `VM "${vm.getName()}" was never run: that it did not die proves nothing.`);
  }
  const patience = patienceOf("toDieWith", options, isNot);
  const what = `waiting for VM "${vm.getName()}" to die with ${wanted.text}`;
  const outcome = await whileBusy(what, () => vm.waitFor("died", patience));
  if (outcome.kind !== "died") throwIfTestOver();
  const actual = outcome.kind === "died" ? reasonName(outcome.reason) : undefined;
  const cause = causeOf(vm, outcome, wanted.text);
  return {
    pass: actual !== undefined && wanted.matches(actual),
    cause,
    message: () => `${hint(this, "toDieWith", wanted.text)}\n\n${cause.message}`,
  };
}

function causeOf(vm: VirtualMachine, outcome: WaitOutcome, wanted: string): Error {
  const { journal } = vm.control;
  if (outcome.kind !== "started" && outcome.kind !== "ready" && outcome.kind !== "finished") {
    return waitError(journal, outcome, `its end with ${wanted}`);
  }
  return new Error(`VM "${vm.getName()}" is ${vm.status}.`);
}

interface Wanted {
  readonly text: string;
  matches(name: string): boolean;
}

/** A name, an expression, or an asymmetric matcher such as `expect.stringMatching(/^MICRODROID_/)`. */
function wantedReason(reason: unknown, { equals, utils }: MatcherThis): Wanted {
  if (Object.prototype.toString.call(reason) === "[object RegExp]") {
    const expression = reason as RegExp;
    return { text: formatPattern(expression), matches: (name) => name.search(expression) >= 0 };
  }
  if (typeof reason === "object" && reason !== null && "asymmetricMatch" in reason) {
    return { text: utils.printExpected(reason), matches: (name) => equals(name, reason) };
  }
  if (typeof reason !== "string" || !NAMES.includes(reason)) {
    throw new UsageError(
      "BAD_REASON",
      `No VM ends with ${JSON.stringify(reason)}; the reasons are ${NAMES.join(", ")}.`,
      {
        hint: "for others take an expression: toDieWith(/^MICRODROID_/)",
      },
    );
  }
  return { text: reason, matches: (name) => name === reason };
}
