/**
 * Errors that Jest adds to tests whose end was reported: a promise that was rejected, or a timer that threw, behind it. The
 * record follows, so that it says of each test what Jest says in the end.
 */
import { relative } from "node:path";
import type { Circus } from "@jest/types";
import type { RunRecord } from "../../artifacts/run-record.js";
import { withSlashes } from "../../base/text/slashes.js";
import { describeEvidence, saveEvidence } from "../evidence/evidence.js";
import { classifyFailure, describeClass } from "../failures/failure-class.js";
import {
  errorText,
  ofItsOwn,
  pointToTest,
  showControls,
  thrownError,
  withNote,
  type JestError,
} from "../failures/test-errors.js";
import { fullName } from "../plan/test-plan.js";

interface LateFailuresOptions {
  readonly record: RunRecord;
  readonly projectFolder: string;
  readonly file: string;
  /** Jest's name of the group of suites. */
  readonly project: string | undefined;
}

interface Ended {
  readonly attempt: number;
  readonly occurrence: number;
  readonly errors: readonly JestError[];
}

const NOTHING_ELSE = { deviceGone: false, vmFailed: false, guestLost: false, notAwaited: true };

export class LateFailures {
  readonly #ended = new Map<Circus.TestEntry, Ended>();

  constructor(private readonly options: LateFailuresOptions) {}

  /** An attempt at a test is over, with these errors. */
  ended(test: Circus.TestEntry, occurrence: number): void {
    this.#ended.set(test, { attempt: test.invocations, occurrence, errors: [...(test.errors as JestError[])] });
  }

  /** All tests and hooks ran: records what came since. Never throws. */
  async tell(): Promise<void> {
    for (const [test, ended] of this.#ended) {
      const errors = test.errors as JestError[];
      const late = errors.filter((entry) => !ended.errors.includes(entry));
      if (late.length === 0) continue;
      const told = await this.#tell(fullName(test), ended, late);
      for (const [at, entry] of late.entries()) errors[errors.indexOf(entry)] = told[at];
    }
  }

  async #tell(name: string, ended: Ended, late: readonly JestError[]): Promise<readonly JestError[]> {
    const { record, projectFolder, project, file } = this.options;
    const failureClass = classifyFailure(late, NOTHING_ELSE);
    const which = { ...{ runFolder: record.folder, projectFolder, project, file, name, folder: undefined }, ...ended };
    const texts = late.map((entry) => errorText(thrownError(entry)));
    const evidence = await saveEvidence({ ...which, failureClass: describeClass(failureClass), errors: texts }, []);
    const notes = [
      "It came when the test was over: await all that a test starts.",
      `Failure class: ${describeClass(failureClass)}.`,
      ...describeEvidence(evidence),
    ];
    const told = late.map((entry, at) => (at === 0 ? withNote(ofItsOwn(entry), notes.join("\n")) : entry));
    for (const entry of told) {
      pointToTest(entry, file);
      showControls(entry);
    }
    record.add({
      ...{ kind: "test-failed-late", file, test: name, attempt: ended.attempt, occurrence: ended.occurrence },
      ...{ errors: told.map((entry) => errorText(thrownError(entry))), failureClass },
      ...(evidence.folder === undefined ? {} : { evidence: withSlashes(relative(record.folder, evidence.folder)) }),
    });
    return told;
  }
}
