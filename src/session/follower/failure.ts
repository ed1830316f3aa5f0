/** The failure of a test, as its errors and what is known of its VMs and its device tell it. */
import type { FailureClass } from "../../artifacts/events.js";
import { describeError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import type { LedgerEntry } from "../evidence/vm-ledger.js";
import { describeEvidence, type Evidence } from "../evidence/evidence.js";
import { classifyFailure, describeClass, hasFailed } from "../failures/failure-class.js";
import type { FileDevice } from "../file-device.js";
import { describeLostGuest } from "../failures/lost-guest.js";
import { ofItsOwn, pointToTest, showControls, thrownError, withNote, type JestError } from "../failures/test-errors.js";
import type { TestRun } from "./test-run.js";

/** What a failure is judged by. */
export interface FailedTest {
  readonly test: TestRun | undefined;
  readonly errors: readonly JestError[];
  readonly vms: readonly LedgerEntry[];
  readonly device: FileDevice;
  /** It failed by what nobody awaited, and by nothing else. */
  readonly notAwaited: boolean;
  /** See `HungGuest`. */
  readonly hungGuest: string | undefined;
}

export function classOf(failed: FailedTest): FailureClass {
  const { errors, vms, device, notAwaited } = failed;
  return classifyFailure(errors, {
    deviceGone: device.opened?.device.gone.aborted === true,
    vmFailed: vms.some(({ vm }) => hasFailed(vm)),
    guestLost: lostGuest(failed) !== undefined,
    notAwaited,
  });
}

/** Only of a first attempt: what happens twice in a row has another cause. */
export function losesGuests({ test, device }: Pick<FailedTest, "test" | "device">): boolean {
  return device.opened?.emulatesCpus === true && test !== undefined && test.attempt === 1;
}

function lostGuest(failed: FailedTest): string | undefined {
  const { errors, vms, hungGuest } = failed;
  if (!losesGuests(failed)) return undefined;
  if (hungGuest !== undefined) return hungGuest;
  return describeLostGuest(
    errors[0],
    vms.map(({ vm }) => vm),
  );
}

/** What a bare error does not say: what the test was busy with, and that the device left. */
export function explain(test: TestRun, errors: JestError[], device: FileDevice): void {
  if (errors.length === 0) return;
  const gone = device.opened?.device.gone;
  const isTold = gone?.aborted !== true || errors.some((error) => thrownError(error) === gone.reason);
  // Other tests of the file fail with the same error, and what is written into it is about this one.
  const shared = [gone?.reason as unknown, device.failure?.error];
  for (const [at, error] of errors.entries()) if (shared.includes(thrownError(error))) errors[at] = ofItsOwn(error);
  if (test.busyWith.length > 0) {
    errors[0] = withNote(errors[0], [`It was ${test.busyWith.join(", ")}.`, ...test.busyDetails].join("\n"));
  }
  if (isTold) return;
  errors[0] = withNote(errors[0], `Meanwhile: ${describeError(gone.reason)}`);
}

interface FailureNotes {
  readonly file: string;
  readonly failureClass: FailureClass;
  /** Such as `Attempt 1 of 2.`, of one that runs again. */
  readonly attempt: string | undefined;
  readonly evidence: Evidence | undefined;
}

/** Who has to look at it, and where what was saved is, for Jest to print with the errors. */
export function addNotes(failed: FailedTest, errors: JestError[], about: FailureNotes): void {
  const { file, failureClass, attempt, evidence } = about;
  const notes = [lostGuest(failed) ?? [], `Failure class: ${describeClass(failureClass)}.`, attempt ?? []].flat();
  if (evidence !== undefined) notes.push(...describeEvidence(evidence));
  errors[0] = withNote(errors[0], notes.join("\n"));
  for (const error of errors) {
    pointToTest(error, file);
    showControls(error);
  }
}

export function tellRetry({ name, attempt }: TestRun, attempts: number, error: JestError): void {
  const first = describeError(thrownError(error)).split("\n", 1)[0] ?? "";
  const text = `avf: "${name}" failed and runs again (attempt ${attempt + 1} of ${attempts}): ${first}\n`;
  process.stderr.write(printable(text));
}
