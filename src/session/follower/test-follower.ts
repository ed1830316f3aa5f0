/** Follows the tests of one file through Jest's events: what each leaves, how it failed, what is saved of that. */
import { relative } from "node:path";
import type { RunRecord } from "../../artifacts/run-record.js";
import { describeError } from "../../base/errors.js";
import { withSlashes } from "../../base/text/slashes.js";
import type { LedgerEntry, VmLedger } from "../evidence/vm-ledger.js";
import { saveEvidence, shortPath, type Evidence } from "../evidence/evidence.js";
import { describeClass } from "../failures/failure-class.js";
import type { FileDevice } from "../file-device.js";
import { CleanUp } from "./clean-up.js";
import { addNotes, classOf, explain, tellRetry, type FailedTest } from "./failure.js";
import { holdFailedTest } from "../hold/hold.js";
import { HungGuest } from "./hung-guest.js";
import type { InfrastructureRetry } from "../failures/infrastructure-retry.js";
import type { Rejections } from "../rejections/rejections.js";
import { isEnding } from "../../lab/process-end.js";
import {
  errorEntry,
  errorText,
  isJestTimeout,
  ofItsOwn,
  thrownError,
  withNote,
  type JestError,
} from "../failures/test-errors.js";
import { TestRun } from "./test-run.js";

/** For calls that were not awaited, after all that they need was ended. */
const OPEN_CALLS_TIMEOUT_MS = 2_000;

interface FollowerOptions {
  readonly device: FileDevice;
  readonly ledger: VmLedger;
  readonly record: RunRecord;
  readonly retry: InfrastructureRetry;
  readonly projectFolder: string;
  readonly file: string;
  /** Jest's name of the group of suites. */
  readonly project: string | undefined;
  readonly leaks: "fail" | "warn" | "off";
  readonly rejections: Rejections;
  /** Undefined: failed tests are not held. */
  readonly holdMs: number | undefined;
  /** Hooks may have the device in their hands, which must not be exchanged then. */
  readonly keepsDevice: boolean;
  /** The file is over. True: what it left on the device goes by itself. */
  readonly leaveDevice: () => Promise<boolean>;
}

/** The end of a test as Jest reports it. `errors` is Jest's own list: what is added there is reported. */
export interface TestEnd {
  readonly errors: JestError[];
  readonly status: "passed" | "failed" | "skipped" | "todo";
  readonly skipReason?: string | undefined;
  /** Of `test.failing`: Jest has taken the failure of its body for a success. */
  readonly failing?: boolean;
  /** Where the test was declared. */
  readonly declaredAt?: unknown;
  /** Adds the rejections that nobody handled to `errors`, and returns them. */
  readonly takeRejections?: () => Promise<readonly JestError[]>;
}

/** What is known of a test before it runs. */
interface ComingTest {
  readonly needsDevice: boolean;
  /** It has the device itself among its fixtures. */
  readonly holdsDevice: boolean;
  /** What it leaves on the device goes by itself. */
  readonly putBack: boolean;
}

export class TestFollower {
  test: TestRun | undefined;
  readonly #cleanUp: CleanUp;
  #asked = false;
  #held = false;
  #occurrence = 1;
  /** What was saved of this attempt, if it was. */
  #evidence: Evidence | undefined;
  /** It failed by what nobody awaited, and by nothing else. */
  #notAwaited = false;
  #hungGuest = new HungGuest();

  constructor(private readonly options: FollowerOptions) {
    this.#cleanUp = new CleanUp(options);
  }

  /** Jest has come to a test, which it may skip. */
  begin(name: string, attempt: number, occurrence = 1): void {
    const { record, file, ledger, holdMs } = this.options;
    this.test = new TestRun(name, attempt, record, holdMs !== undefined);
    this.#occurrence = occurrence;
    this.#evidence = undefined;
    this.#cleanUp.begin();
    this.#asked = false;
    this.#held = false;
    this.#notAwaited = false;
    this.#hungGuest = new HungGuest();
    ledger.openTest();
    record.add({ kind: "test-start", file, test: name, attempt, occurrence });
    record.flush();
  }

  /** Another attempt, or a test after the device went away, gets another device. */
  async renewDevice(): Promise<void> {
    const { device, ledger, keepsDevice } = this.options;
    const again = (this.test?.attempt ?? 1) > 1;
    const lost = device.opened?.device.gone.aborted === true && ledger.entries().length === 0;
    if (!keepsDevice && (again || lost)) await device.renew();
  }

  /**
   * It is going to run. Time for the device is not the test's time; what asks for it reports that there is none.
   */
  async prepare({ needsDevice, holdsDevice, putBack }: ComingTest): Promise<void> {
    const { device, keepsDevice } = this.options;
    this.#asked = needsDevice || keepsDevice;
    if (needsDevice) await device.open().catch(() => undefined);
    await this.#cleanUp.prepare({ inHand: holdsDevice || keepsDevice, putBack });
  }

  /** The body failed, or its time is over while it still runs: fixtures are torn down before hooks run. */
  async bodyFailed(error: unknown): Promise<void> {
    if (isJestTimeout(error)) {
      this.test?.noteActivities();
      // Its body still runs, and would end its VMs while their guests are asked.
      this.test?.stopWork();
    }
    await this.#hungGuest.look(this.#failed([error], this.options.ledger.entries()));
    await this.#hold(error);
    await this.test?.end();
  }

  async hookFailed(error: unknown): Promise<void> {
    await this.#hold(error);
  }

  /** All hooks ran as well. Saves evidence of a failure, then removes what the test made. Never throws. True: it is to run again. */
  async finish({ errors, status, skipReason, failing, declaredAt, takeRejections }: TestEnd): Promise<boolean> {
    const { test } = this;
    if (test === undefined) return false;
    const { record, file, ledger, retry, device } = this.options;
    await test.end();
    errors.push(...test.furtherErrors);
    this.#noteRejections(errors, (await takeRejections?.()) ?? []);
    const vms = ledger.entries();
    await this.#hungGuest.look(this.#failed(failing === true && errors.length === 0 ? [test.failure] : errors, vms));
    if (failing === true && errors.length === 0) errors.push(...this.#brokenLab(test, vms, declaredAt));
    explain(test, errors, device);
    if (errors.length > 0) await this.#saveEvidence(test, errors, vms);
    const leaks = await this.#cleanUp.afterTest(errors);
    if (errors.length === 0) await test.untilIdle(OPEN_CALLS_TIMEOUT_MS);
    this.#noteRejections(errors, (await takeRejections?.()) ?? []);
    if (leaks.length > 0) this.#cleanUp.tell(test.name, leaks, errors, declaredAt);
    if (errors.length > 0 && this.#evidence === undefined) await this.#saveEvidence(test, errors, vms);
    const evidence = this.#evidence;
    const failed = this.#failed(errors, vms);
    const failureClass = errors.length > 0 ? classOf(failed) : undefined;
    const retried = failureClass !== undefined && retry.willRetry(test.attempt, failureClass === "infrastructure");
    if (failureClass !== undefined) {
      const attempt = retried ? `Attempt ${test.attempt} of ${retry.attempts}.` : undefined;
      addNotes(failed, errors, { file, failureClass, attempt, evidence });
      if (retried) tellRetry(test, retry.attempts, errors[0]);
    }
    this.test = undefined;
    record.add({
      kind: "test-end",
      ...{ file, test: test.name, attempt: test.attempt },
      status: errors.length > 0 ? "failed" : status,
      durationMs: performance.now() - test.startedMs,
      errors: errors.map((error) => errorText(thrownError(error))),
      ...(evidence?.folder === undefined ? {} : { evidence: withSlashes(relative(record.folder, evidence.folder)) }),
      ...(failureClass === undefined ? {} : { failureClass }),
      ...(skipReason === undefined ? {} : { skipReason }),
      ...(retried ? { retried } : {}),
      ...(leaks.length === 0 ? {} : { leaks }),
    });
    record.flush();
    return retried;
  }

  /** Removes what the file's hooks made. Returns what could not be removed. Never throws. */
  async close(): Promise<readonly unknown[]> {
    await this.test?.end();
    const vms = this.options.ledger.closeFile();
    // Nobody takes away what is on a device that is put back to its beginning.
    const errors = (await this.options.leaveDevice()) ? [] : await this.#cleanUp.removeVms(vms);
    this.options.record.flush();
    return errors;
  }

  #noteRejections(errors: JestError[], taken: readonly JestError[]): void {
    if (taken.length > 0 && taken.length === errors.length) this.#notAwaited = true;
    for (const [at, error] of errors.entries()) errors[at] = errorEntry(error);
    this.options.rejections.explain(errors);
  }

  /** A test that is to fail has not done so when the lab broke: nothing was tested. */
  #brokenLab(test: TestRun, vms: readonly LedgerEntry[], declaredAt: unknown): readonly JestError[] {
    const failure = test.failure ?? (this.options.device.opened?.device.gone.reason as unknown);
    if (failure === undefined || classOf(this.#failed([failure], vms)) !== "infrastructure") return [];
    return [
      withNote(
        ofItsOwn([failure, declaredAt]),
        "This is not the failure that test.failing expects: the lab is broken.",
      ),
    ];
  }

  #failed(errors: readonly JestError[], vms: readonly LedgerEntry[]): FailedTest {
    const { device } = this.options;
    return { test: this.test, errors, vms, device, notAwaited: this.#notAwaited, hungGuest: this.#hungGuest.found };
  }

  async #hold(error: unknown): Promise<void> {
    const { device, ledger, holdMs, record, file } = this.options;
    const harness = device.opened;
    const { test } = this;
    const name = test?.name ?? `a hook of ${shortPath(file)}`;
    if (holdMs === undefined || this.#held || isEnding() || harness?.device.gone.aborted !== false) return;
    await this.#hungGuest.look(this.#failed([error], ledger.entries()));
    if (isEnding() || harness.device.gone.aborted) return;
    const isInfrastructure = classOf(this.#failed([error], ledger.entries())) === "infrastructure";
    if (test !== undefined && this.options.retry.willRetry(test.attempt, isInfrastructure)) return;
    this.#held = true;
    test?.stopWork();
    if (test !== undefined) await this.#saveEvidence(test, [error], ledger.entries());
    const evidence = this.#evidence?.folder;
    const vms = ledger.entries();
    await holdFailedTest({ test: name, file, harness, vms, record, evidence, timeoutMs: holdMs });
  }

  async #saveEvidence(test: TestRun, errors: readonly JestError[], vms: readonly LedgerEntry[]): Promise<void> {
    const { record, projectFolder, project, file, device } = this.options;
    const about = { runFolder: record.folder, projectFolder, project, file, folder: this.#evidence?.folder };
    const which = { name: test.name, attempt: test.attempt, occurrence: this.#occurrence };
    const failureClass = describeClass(classOf(this.#failed(errors, vms)));
    const harness = this.#asked ? device.opened : undefined;
    const packages = harness?.apps.map(({ packageName }) => packageName) ?? [];
    const unread: string[] = [];
    const deviceLogs = await harness?.deviceLogs?.(packages, performance.now() - test.startedMs).catch((error) => {
      unread.push(`logs of the device (${describeError(error)})`);
      return undefined;
    });
    const texts = errors.map((error) => errorText(thrownError(error)));
    const failure = { ...about, ...which, failureClass, errors: texts, ...(deviceLogs && { deviceLogs }) };
    const { folder, unsaved } = await saveEvidence(failure, vms);
    this.#evidence = { folder, unsaved: [...unsaved, ...unread] };
  }
}
