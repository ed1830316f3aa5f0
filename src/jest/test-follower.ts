/** Follows the tests of one file through Jest's events: what each leaves, how it failed, what is saved of that. */
import { relative } from "node:path";
import type { RunRecord } from "../artifacts/run-record.js";
import { describeError, UsageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { withSlashes } from "../base/slashes.js";
import type { KnownThings } from "../fixtures/leaks/index.js";
import { removeVms, type LedgerEntry, type VmLedger } from "../fixtures/vm-ledger.js";
import { describeEvidence, saveEvidence, shortPath, type Evidence } from "./evidence.js";
import { classifyFailure, describeClass, hasFailed } from "./failure-class.js";
import type { FileDevice } from "./file-device.js";
import { endNewChildren, hostChildren, type HostChild } from "./host-children.js";
import { holdFailedTest } from "./hold/hold.js";
import type { InfrastructureRetry } from "./infrastructure-retry.js";
import { describeLostGuest } from "./lost-guest.js";
import type { Rejections } from "./rejections/rejections.js";
import { isEnding } from "./run/process-end.js";
import {
  errorText,
  isJestTimeout,
  pointToTest,
  showControls,
  thrownError,
  withNote,
  type JestError,
} from "./test-errors.js";
import { TestRun } from "./test-run.js";

const CLEAN_UP_TIMEOUT_MS = 30_000;
/** For calls that nobody awaited, after all that they need was ended. */
const OPEN_CALLS_TIMEOUT_MS = 2_000;

export interface FollowerOptions {
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

/** The end of a test as Jest tells it. `errors` is Jest's own list: what is added there is reported. */
export interface TestEnd {
  readonly errors: JestError[];
  readonly status: "passed" | "failed" | "skipped" | "todo";
  readonly skipReason?: string | undefined;
  /** Where the test was declared. */
  readonly declaredAt?: unknown;
  /** Adds the rejections that nobody handled to `errors`, and returns them. */
  readonly takeRejections?: () => Promise<readonly JestError[]>;
}

/** What is known of a test before it runs. */
export interface ComingTest {
  readonly needsDevice: boolean;
  /** It has the device itself among its fixtures. */
  readonly holdsDevice: boolean;
  /** What it leaves on the device goes by itself. */
  readonly putBack: boolean;
}

export class TestFollower {
  test: TestRun | undefined;
  #children: readonly HostChild[] | undefined;
  #asked = false;
  /** It could go past us to the device. */
  #inHand = false;
  #held = false;
  #occurrence = 1;
  /** What was saved of this attempt, if it was. */
  #evidence: Evidence | undefined;
  #putBack = false;
  /** It failed by what nobody awaited, and by nothing else. */
  #notAwaited = false;

  constructor(private readonly options: FollowerOptions) {}

  /** Jest has come to a test, which it may skip. */
  begin(name: string, attempt: number, occurrence = 1): void {
    const { record, file, ledger, holdMs } = this.options;
    this.test = new TestRun(name, attempt, record, holdMs !== undefined);
    this.#occurrence = occurrence;
    this.#evidence = undefined;
    this.#children = undefined;
    this.#asked = false;
    this.#inHand = false;
    this.#held = false;
    this.#notAwaited = false;
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
   * It is going to run. Time for the device is not the test's time; that there is none is told by what asks for it.
   */
  async prepare({ needsDevice, holdsDevice, putBack }: ComingTest): Promise<void> {
    const { device, leaks, keepsDevice } = this.options;
    this.#asked = needsDevice || keepsDevice;
    this.#inHand = holdsDevice || keepsDevice;
    this.#putBack = putBack;
    if (needsDevice) await device.open().catch(() => undefined);
    if (leaks === "off") return;
    this.#children = hostChildren();
    if (!putBack && device.opened?.device.gone.aborted === false)
      await device.opened.leakCheck.begin().catch(() => undefined);
  }

  /** The body failed, or its time is over while it still runs: fixtures are torn down before hooks run. */
  async bodyFailed(error: unknown): Promise<void> {
    if (isJestTimeout(error)) this.test?.noteActivities();
    await this.#hold(error);
    await this.test?.end();
  }

  async hookFailed(error: unknown): Promise<void> {
    await this.#hold(error);
  }

  /** All hooks ran as well. Saves evidence of a failure, then removes what the test made. Never throws. True: it is to run again. */
  async finish({ errors, status, skipReason, declaredAt, takeRejections }: TestEnd): Promise<boolean> {
    const { test } = this;
    if (test === undefined) return false;
    const { record, file, ledger, retry } = this.options;
    await test.end();
    errors.push(...test.furtherErrors);
    this.#noteRejections(errors, (await takeRejections?.()) ?? []);
    const vms = ledger.entries();
    this.#explain(test, errors);
    if (errors.length > 0) await this.#saveEvidence(test, errors, vms);
    const leaks = await this.#cleanUp(errors);
    if (errors.length === 0) await test.untilIdle(OPEN_CALLS_TIMEOUT_MS);
    this.#noteRejections(errors, (await takeRejections?.()) ?? []);
    if (leaks.length > 0) this.#tellLeaks(test.name, leaks, errors, declaredAt);
    if (errors.length > 0 && this.#evidence === undefined) await this.#saveEvidence(test, errors, vms);
    const evidence = this.#evidence;
    const failureClass = errors.length > 0 ? this.#classify(errors, vms) : undefined;
    const retried = failureClass !== undefined && retry.willRetry(test.attempt, failureClass === "infrastructure");
    if (failureClass !== undefined) {
      const notes = [this.#lostGuest(errors, vms) ?? [], `Failure class: ${describeClass(failureClass)}.`].flat();
      if (retried) notes.push(`Attempt ${test.attempt} of ${retry.attempts}.`);
      if (evidence !== undefined) notes.push(...describeEvidence(evidence));
      errors[0] = withNote(errors[0], notes.join("\n"));
      for (const error of errors) {
        pointToTest(error, file);
        showControls(error);
      }
      if (retried) this.#tellRetry(test, errors[0]);
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
    const errors = (await this.options.leaveDevice()) ? [] : await this.#removeVms(vms);
    this.options.record.flush();
    return errors;
  }

  #noteRejections(errors: JestError[], taken: readonly JestError[]): void {
    if (taken.length > 0 && taken.length === errors.length) this.#notAwaited = true;
    this.options.rejections.explain(errors);
  }

  /** What a bare error does not say: what the test was busy with, and that the device left. */
  #explain(test: TestRun, errors: JestError[]): void {
    if (errors.length === 0) return;
    if (test.busyWith.length > 0) {
      errors[0] = withNote(errors[0], [`It was ${test.busyWith.join(", ")}.`, ...test.busyDetails].join("\n"));
    }
    const gone = this.options.device.opened?.device.gone;
    if (gone?.aborted !== true || errors.some((error) => thrownError(error) === gone.reason)) return;
    errors[0] = withNote(errors[0], `Meanwhile: ${describeError(gone.reason)}`);
  }

  /** Ends and removes what the test had. Returns what it should have ended itself, and what escaped the harness. */
  async #cleanUp(errors: JestError[]): Promise<readonly string[]> {
    const { device, ledger, leaks } = this.options;
    const harness = device.opened;
    const forgotten = (await harness?.endTest()) ?? [];
    const vms = ledger.closeTest();
    if (this.#putBack) await Promise.allSettled(vms.map(({ vm }) => vm.control.leave()));
    else errors.push(...(await this.#removeVms(vms)));
    if (leaks === "off" || this.#children === undefined || isEnding()) return [];
    const onHost = await endNewChildren(this.#children);
    if (harness === undefined || harness.device.gone.aborted) return onHost;
    if (this.#putBack) return [...forgotten, ...onHost];
    const known = (): KnownThings => knownThings(ledger.entries());
    const onDevice = await harness.leakCheck.end(known, this.#inHand).catch(() => []);
    return [...forgotten, ...onHost, ...onDevice];
  }

  #tellLeaks(test: string, leaks: readonly string[], errors: JestError[], declaredAt: unknown): void {
    const list = leaks.map((leak) => `  ${leak}`).join("\n");
    const behind = leaks.some((leak) => leak.includes("(still there")) ? "left behind" : "left behind, removed since";
    if (errors.length > 0) errors[0] = withNote(errors[0], `It ${behind}:\n${list}`);
    else if (this.options.leaks === "warn") process.stderr.write(printable(`avf: "${test}" ${behind}:\n${list}\n`));
    else {
      const hint = 'end what a test starts; testEnvironmentOptions: { leaks: "warn" } only tells';
      const error = new UsageError("TEST_LEAKED", `Test "${test}" ${behind}:\n${list}`, { hint });
      errors.push([error, declaredAt]);
    }
  }

  #tellRetry({ name, attempt }: TestRun, error: JestError): void {
    const first = describeError(thrownError(error)).split("\n", 1)[0] ?? "";
    const { attempts } = this.options.retry;
    const text = `avf: "${name}" failed and runs again (attempt ${attempt + 1} of ${attempts}): ${first}\n`;
    process.stderr.write(printable(text));
  }

  #classify(errors: readonly JestError[], vms: readonly LedgerEntry[]): ReturnType<typeof classifyFailure> {
    const { device } = this.options;
    return classifyFailure(errors, {
      deviceGone: device.opened?.device.gone.aborted === true,
      vmFailed: vms.some(({ vm }) => hasFailed(vm)),
      guestLost: this.#lostGuest(errors, vms) !== undefined,
      notAwaited: this.#notAwaited,
    });
  }

  /** Only of a first attempt: what happens twice in a row has another cause. */
  #lostGuest(errors: readonly JestError[], vms: readonly LedgerEntry[]): string | undefined {
    const { test } = this;
    if (this.options.device.opened?.emulatesCpus !== true || test === undefined || test.attempt > 1) return undefined;
    return describeLostGuest(
      errors[0],
      vms.map(({ vm }) => vm),
    );
  }

  async #hold(error: unknown): Promise<void> {
    const { device, ledger, holdMs, record, file } = this.options;
    const harness = device.opened;
    const { test } = this;
    const name = test?.name ?? `a hook of ${shortPath(file)}`;
    if (holdMs === undefined || this.#held || isEnding() || harness?.device.gone.aborted !== false) return;
    const isInfrastructure = this.#classify([error], ledger.entries()) === "infrastructure";
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
    const failureClass = describeClass(this.#classify(errors, vms));
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

  async #removeVms(entries: readonly LedgerEntry[]): Promise<readonly unknown[]> {
    const { device } = this.options;
    // With the device, its VMs are gone as well; that it is gone has failed the test already.
    if (device.opened?.device.gone.aborted !== false || (isEnding() && device.endsWithUs)) return [];
    return removeVms(entries, CLEAN_UP_TIMEOUT_MS);
  }
}

/** VMs of the file's hooks, which tests may start and leave. */
function knownThings(ofFile: readonly LedgerEntry[]): KnownThings {
  return {
    cids: new Set(ofFile.flatMap(({ vm }) => (vm.cid === undefined ? [] : [vm.cid]))),
    folders: ofFile.map(({ vm, dataFolder }) => `${dataFolder}/vm/${vm.getName()}`),
  };
}
