/** One test file's stay in the environment: it answers what suites ask through the bridge, and follows Jest's events. */
import type { RunRecord } from "../artifacts/run-record.js";
import { describeError, UsageError } from "../base/errors.js";
import { checkFixtures, extendFixtures, type FixtureSet } from "../fixtures/engine.js";
import { parameterNames } from "../fixtures/parameter-names.js";
import { firstApp, stageFixtures, type PlainStages } from "../fixtures/stages.js";
import { removeVms, VmLedger, type LedgerEntry } from "../fixtures/vm-ledger.js";
import type { Harness } from "../fixtures/wire.js";
import * as library from "../library.js";
import { AssertionRecord, noteStep, type EndNote, type MatcherCall } from "./activity-record.js";
import type { Bridge, TestRequest } from "./bridge.js";
import { saveEvidence, shortPath } from "./evidence.js";
import { matchers } from "./matchers/index.js";
import { isEnding } from "./process-end.js";
import { callSignal } from "./test-context.js";
import { errorText, pointToTest, thrownError, withNote, type JestError } from "./test-errors.js";
import { TestRun } from "./test-run.js";

const CLEAN_UP_TIMEOUT_MS = 30_000;

export interface SessionOptions {
  readonly harness: Harness;
  readonly record: RunRecord;
  readonly projectFolder: string;
  readonly file: string;
  readonly testTimeoutMs: number;
  /** Nothing on the device needs to be cleared away when this process ends. */
  readonly deviceEndsWithUs: boolean;
}

/** The end of a test as Jest tells it. `errors` is Jest's own list: what is added there is reported. */
export interface TestEnd {
  readonly errors: JestError[];
  readonly status: "passed" | "failed" | "skipped" | "todo";
}

export class FileSession implements Bridge {
  readonly library = library;
  readonly matchers = matchers;
  readonly baseFixtures: FixtureSet;
  readonly testTimeoutMs: number;
  readonly #ledger: VmLedger;
  /** Overrides by `describe` block, the file's first. */
  readonly #overrides: Record<string, unknown>[][] = [[]];
  #test: TestRun | undefined;
  #assertions: AssertionRecord;

  constructor(private readonly options: SessionOptions) {
    this.testTimeoutMs = options.testTimeoutMs;
    this.#assertions = new AssertionRecord(options.record);
    this.#ledger = new VmLedger(options.record);
    for (const app of options.harness.apps) this.#ledger.watch(app.vmm);
    this.baseFixtures = stageFixtures({
      device: () => this.current().device,
      app: () => this.current().app,
      apps: () => this.current().apps,
      vmm: () => this.current().vmm,
      signal: () => this.signal(),
    });
  }

  extend(set: FixtureSet, additions: Readonly<Record<string, unknown>>): FixtureSet {
    return extendFixtures(set, additions);
  }

  namesOf(set: FixtureSet, body: (...args: never[]) => unknown, what: string): readonly string[] {
    const names = parameterNames(body, what);
    checkFixtures(set, names, what);
    return names;
  }

  use(set: FixtureSet, overrides: Readonly<Record<string, unknown>>): void {
    checkFixtures(set, Object.keys(overrides), "test.use()");
    this.#overrides.at(-1)?.push({ ...overrides });
  }

  inScope(set: FixtureSet): FixtureSet {
    return this.#overrides.flat().reduce((scoped, overrides) => extendFixtures(scoped, overrides), set);
  }

  async run(request: TestRequest): Promise<void> {
    if (this.#test === undefined) throw outsideTest("This body");
    await this.#test.run(request);
  }

  current(): PlainStages {
    const { harness } = this.options;
    harness.device.gone.throwIfAborted();
    return {
      device: harness.device,
      apps: harness.apps,
      get app() {
        return firstApp(harness.apps);
      },
      get vmm() {
        return firstApp(harness.apps).vmm;
      },
    };
  }

  async step<T>(title: string, work: () => T | Promise<T>): Promise<T> {
    const endActivity = this.#test?.begin(`at step "${title}"`, "noted elsewhere");
    const end = noteStep(this.options.record, title, "step");
    try {
      const value = await work();
      end();
      return value;
    } catch (error) {
      end({ error });
      throw error;
    } finally {
      endActivity?.();
    }
  }

  noteAssertion(call: MatcherCall): EndNote {
    return this.#assertions.begin(call, (value) => {
      const entry = this.#ledger.entries().find(({ vm }) => vm === value);
      return entry && { vm: entry.vm.getName(), machine: entry.machine };
    });
  }

  signal(): AbortSignal {
    const signal = callSignal() ?? this.#test?.signal;
    if (signal === undefined) throw outsideTest("The signal of a test");
    return signal;
  }

  describeStarted(): void {
    this.#overrides.push([]);
  }

  describeFinished(): void {
    if (this.#overrides.length > 1) this.#overrides.pop();
  }

  testStarted(name: string, attempt: number): void {
    this.#test = new TestRun(name, attempt, this.options.record);
    this.#assertions = new AssertionRecord(this.options.record);
    this.#ledger.openTest();
    this.options.record.add({ kind: "test-start", file: this.options.file, test: name, attempt });
  }

  /** The body failed, or its time is over while it still runs: fixtures are torn down before hooks run. */
  async bodyFailed(error: unknown): Promise<void> {
    if (/^Exceeded timeout of /.test(messageOf(error))) this.#test?.noteActivities();
    await this.#test?.end();
  }

  /** All hooks ran as well. Saves evidence of a failure, then removes the test's VMs. Never throws. */
  async testFinished({ errors, status }: TestEnd): Promise<void> {
    const test = this.#test;
    if (test === undefined) return;
    await test.end();
    errors.push(...test.furtherErrors);
    let evidence: string | undefined;
    if (errors.length > 0) {
      if (test.busyWith.length > 0) {
        const note = [`It was ${test.busyWith.join(", ")}.`, ...test.busyDetails].join("\n");
        errors[0] = withNote(errors[0], note);
      }
      const { gone } = this.options.harness.device;
      const told = errors.some((error) => thrownError(error) === gone.reason);
      if (gone.aborted && !told) errors[0] = withNote(errors[0], `Meanwhile: ${describeError(gone.reason)}`);
      for (const error of errors) pointToTest(error, this.options.file);
      evidence = await this.#saveEvidence(test, errors);
    }
    await this.options.harness.endTest();
    errors.push(...(await this.#cleanUp(this.#ledger.closeTest())));
    this.#test = undefined;
    this.options.record.add({
      kind: "test-end",
      ...{ file: this.options.file, test: test.name, attempt: test.attempt },
      status: errors.length > 0 ? "failed" : status,
      durationMs: performance.now() - test.startedMs,
      errors: errors.map((error) => errorText(thrownError(error))),
      ...(evidence === undefined ? {} : { evidence }),
    });
    this.options.record.flush();
  }

  /** Removes what the file's hooks made. Returns what could not be removed. Never throws. */
  async close(): Promise<readonly unknown[]> {
    await this.#test?.end();
    const errors = await this.#cleanUp(this.#ledger.closeFile());
    this.options.record.flush();
    return errors;
  }

  async #saveEvidence(test: TestRun, errors: JestError[]): Promise<string | undefined> {
    const { record, projectFolder, file } = this.options;
    const texts = errors.map((error) => errorText(thrownError(error)));
    const about = { runFolder: record.folder, projectFolder, file, name: test.name, attempt: test.attempt };
    try {
      const folder = await saveEvidence({ ...about, errors: texts }, this.#ledger.entries());
      errors[0] = withNote(errors[0], `Saved for this failure: ${shortPath(folder)}/`);
      return folder;
    } catch {
      // A full disk must not hide the failure itself.
      return undefined;
    }
  }

  async #cleanUp(entries: readonly LedgerEntry[]): Promise<readonly unknown[]> {
    // With the device, its VMs are gone as well; that it is gone has failed the test already.
    if (this.options.harness.device.gone.aborted || (isEnding() && this.options.deviceEndsWithUs)) return [];
    return removeVms(entries, CLEAN_UP_TIMEOUT_MS);
  }
}

function outsideTest(what: string): UsageError {
  return new UsageError("OUTSIDE_TEST", `${what} belongs to a test, and none runs.`, {
    hint: "in hooks use useAvf(); test.concurrent does not work with fixtures",
  });
}

function messageOf(error: unknown): string {
  if (typeof error === "string") return error;
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : "";
}
