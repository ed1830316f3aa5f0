/** Who has to look at a failure: the author of the test, the owner of the VM under test, or that of the lab. */
import type { FailureClass } from "../../artifacts/events.js";
import type { FailureKind } from "../../base/errors.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";
import { harnessErrorBehind, isJestTimeout, thrownError, type JestError } from "./test-errors.js";

/** What else is known about the time of the failure. */
interface FailureSurroundings {
  /** The device went away while the test ran. */
  readonly deviceGone: boolean;
  /** A VM of the test ended in a way that nobody asked for. */
  readonly vmFailed: boolean;
  /** Emulated processors lost a guest of the test, for the first time: see `lost-guest.ts`. */
  readonly guestLost: boolean;
  /** It is the end of a call that nobody awaited, behind the end of the test, which ended its VMs. */
  readonly notAwaited: boolean;
}

const CLASSES: Readonly<Record<FailureKind, FailureClass>> = {
  usage: "test",
  expectation: "test",
  vm: "product",
  infrastructure: "infrastructure",
};
/** Reasons of a death that somebody asked for. */
const ORDERLY = ["SHUTDOWN", "KILLED"];

/** What a VM refuses in the state that it is in: the test asked at the wrong time, unless the VM got there by itself. */
const OF_THE_MOMENT: readonly string[] = ["VM_NOT_RUNNING", "VM_NOT_STOPPED", "VM_DELETED"];

/** The first error is what broke the test; later ones may follow from it. */
export function classifyFailure(
  errors: readonly JestError[],
  { deviceGone, vmFailed, guestLost, notAwaited }: FailureSurroundings,
): FailureClass {
  if (deviceGone || guestLost) return "infrastructure";
  const first = errors[0];
  const thrown = thrownError(first);
  const known = harnessErrorBehind(thrown);
  if (known !== undefined) {
    if (known.kind === "vm" && notAwaited) return "test";
    if (known.kind === "vm" && OF_THE_MOMENT.includes(known.code) && !vmFailed) return "test";
    return CLASSES[known.kind];
  }
  // A timeout says little by itself; a VM that crashed meanwhile says more.
  return isJestTimeout(thrown) && vmFailed ? "product" : "test";
}

/** A VM that ended in a way that nobody asked for. */
export function hasFailed(vm: VirtualMachine): boolean {
  if (vm.control.journal.callersMistake !== undefined) return false;
  return vm.transitions.some(
    ({ cause }) => cause.kind === "died" && !(cause.reason.kind === "known" && ORDERLY.includes(cause.reason.name)),
  );
}

/** For people. */
export function describeClass(failureClass: FailureClass): string {
  switch (failureClass) {
    case "test":
      return "test (what the test expects, or how it uses the library)";
    case "product":
      return "product (a VM did not do what it should)";
    case "infrastructure":
      return "infrastructure (device, adb or host; not the test)";
  }
}
