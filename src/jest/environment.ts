/** Jest's side of the harness: a device for the file's tests, their events, and the end of both. */
import type { EnvironmentContext, JestEnvironmentConfig } from "@jest/environment";
import type { Circus } from "@jest/types";
import { TestEnvironment } from "jest-environment-node";
import { AGAIN } from "../artifacts/rerun.js";
import type { RunRecord } from "../artifacts/run-record.js";
import { describeError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { requirementsInPragmas } from "../lab/requirements/index.js";
import { usesPlainStyle } from "../session/plan/asks-for-device.js";
import { BRIDGE, DEFAULT_TEST_TIMEOUT_MS } from "./bridge.js";
import { holdTimeMs } from "../session/hold/hold-time.js";
import { InfrastructureRetry } from "../session/failures/infrastructure-retry.js";
import { readOptions, type EnvironmentOptions } from "../session/options.js";
import { awaitReplacement, beforeSignalEnd, releaseAtEnd, watchProcessEnd } from "../lab/process-end.js";
import { noRecord, recordOfProcess } from "../session/run/record-of-process.js";
import { describeDeath, RunMarker } from "../session/run/run-marker.js";
import { tellBlockRetry, tellSignal } from "../session/run/tell-run.js";
import { FileSession } from "./file-session.js";
import { knowOurErrors } from "./test-realm/know-our-errors.js";
import { forPrinting, ofItsOwn, type JestError } from "../session/failures/test-errors.js";
import { fullName } from "../session/plan/test-plan.js";

watchProcessEnd();

export default class AvfEnvironment extends TestEnvironment {
  readonly #options: EnvironmentOptions;
  readonly #rootDir: string;
  /** Of the configuration that all projects of the run have in common. */
  readonly #commonRootDir: string;
  /** The file is loaded to list its tests: none runs, and nothing is recorded. */
  readonly #lists: boolean;
  readonly #file: string;
  readonly #projectName: string | undefined;
  readonly #testTimeoutMs: number;
  readonly #idleMemoryLimit: JestEnvironmentConfig["globalConfig"]["workerIdleMemoryLimit"];
  readonly #holdMs: number | undefined;
  readonly #pragmas: EnvironmentContext["docblockPragmas"];
  readonly #retry: InfrastructureRetry;
  readonly #forget: (() => void)[] = [];
  #record: RunRecord | undefined;
  #session: FileSession | undefined;
  #marker: RunMarker | undefined;
  #closing: Promise<readonly unknown[]> | undefined;

  /** @throws UsageError for options that cannot be; nothing is started here, for Jest tears nothing down after it */
  constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    super(config, context);
    this.#rootDir = config.projectConfig.rootDir;
    this.#commonRootDir = config.globalConfig.rootDir;
    // Older Jests have no such mode.
    this.#lists = (config.globalConfig as { readonly collectTests?: boolean }).collectTests === true;
    this.#file = context.testPath;
    this.#pragmas = context.docblockPragmas;
    this.#projectName = config.projectConfig.displayName?.name;
    this.#testTimeoutMs = config.projectConfig.testTimeout ?? DEFAULT_TEST_TIMEOUT_MS;
    this.#idleMemoryLimit = config.globalConfig.workerIdleMemoryLimit;
    this.#options = readOptions(config.projectConfig.testEnvironmentOptions, this.#rootDir);
    this.#holdMs = holdTimeMs();
    knowOurErrors(this.global.Error);
    const globals = this.global as unknown as Record<symbol, unknown>;
    this.#retry = new InfrastructureRetry(globals, this.#options.retryInfrastructure);
  }

  override async setup(): Promise<void> {
    await super.setup();
    await awaitReplacement(this.#idleMemoryLimit);
    try {
      const record = (this.#record = this.#lists ? noRecord() : recordOfProcess(this.#commonRootDir));
      const project = this.#projectName === undefined ? {} : { project: this.#projectName };
      record.add({ kind: "file-started", file: this.#file, ...project });
      if (!this.#lists) this.#mark(record);
      const eager = !this.#lists && (this.#options.lease === "eager" || usesPlainStyle(this.#file));
      const session = new FileSession({
        ...{ environment: this.#options, record, projectFolder: this.#rootDir, file: this.#file, eager },
        project: this.#projectName,
        ...{ testTimeoutMs: this.#testTimeoutMs, retry: this.#retry, holdMs: this.#holdMs },
        requirements: requirementsInPragmas(this.#pragmas),
      });
      this.#session = session;
      // With a device of ours goes all that is on it.
      if (!session.device.endsWithUs) this.#forget.push(releaseAtEnd(async () => void (await this.#close())));
      this.#forget.push(beforeSignalEnd((signal) => this.#onSignal(signal)));
      if (eager) await session.device.open();
      (this.global as unknown as Record<symbol, unknown>)[BRIDGE] = session;
    } catch (error) {
      throw forPrinting(error);
    }
  }

  /** A rejection here would end the whole file, or, for the events that Jest does not wait for, the whole process. */
  async handleTestEvent(event: Circus.AsyncEvent | Circus.SyncEvent, state: Circus.State): Promise<void> {
    try {
      await this.#onEvent(event, state);
    } catch (error) {
      process.stderr.write(printable(`avf: while handling Jest's event ${event.name}: ${describeError(error)}\n`));
    }
  }

  override async teardown(): Promise<void> {
    try {
      const errors = await this.#close();
      if (errors.length > 0) throw forPrinting(errors[0]);
    } finally {
      for (const forget of this.#forget) forget();
      this.#marker?.remove();
      this.#record?.add({ kind: "file-ended", file: this.#file });
      this.#record?.flush();
      await super.teardown();
    }
  }

  async #onEvent(event: Circus.AsyncEvent | Circus.SyncEvent, state: Circus.State): Promise<void> {
    const session = this.#session;
    if (session === undefined || session.concurrent.takes(event, state)) return;
    const { follower, plan } = session;
    switch (event.name) {
      case "start_describe_definition":
        return session.tree.describeStarted(state.currentDescribeBlock);
      case "finish_describe_definition":
        return session.tree.describeFinished();
      case "add_test":
        return plan.testAdded(state.currentDescribeBlock.tests.at(-1));
      case "run_start":
        this.#retry.begin();
        return session.requirements.begin(state);
      case "run_describe_start":
        this.#retry.blockStarts(event.describeBlock);
        return session.course.blockStarts(event.describeBlock);
      case "run_describe_finish":
        return session.course.blockEnds(event.describeBlock);
      case "test_start":
        if (this.#retry.isRefused(event.test)) return;
        event.test.errors = (event.test.errors as JestError[]).map(ofItsOwn);
        this.#retry.testStarts(event.test, state);
        session.testStarted(fullName(event.test), event.test.invocations, plan.occurrenceOf(event.test));
        return this.#askAgain(session, event.test);
      case "test_started":
        return this.#beginTest(session, event.test);
      case "test_skip":
        if (this.#retry.isRefused(event.test)) return this.#retry.restore(event.test);
        await follower.finish({
          errors: [],
          status: "skipped",
          skipReason: session.requirements.reasonOf(event.test),
        });
        return;
      case "test_todo":
        await follower.finish({ errors: [], status: "todo" });
        return;
      case "hook_success":
        if (event.hook.type === "beforeAll") session.course.beforeAllRan(event.hook.parent);
        return;
      case "hook_failure":
        if (event.hook.type === "beforeAll") session.course.beforeAllRan(event.hook.parent);
        return follower.hookFailed(event.error);
      case "test_fn_failure":
        return follower.bodyFailed(event.error);
      case "test_done":
        return this.#endTest(session, event.test, state);
      case "describe_retry":
        return tellBlockRetry(event.describeBlock, this.#file);
      case "test_retry":
        this.#retry.allows(event.test);
        return;
      case "error":
      case "error_handled":
        return session.rejections.onEvent(event);
      case "run_finish":
        await session.late.tell();
        await this.#close();
        return;
      default:
    }
  }

  /** The device could not be asked what it has: a further attempt may find another one, and be skipped there. */
  async #askAgain({ follower, requirements }: FileSession, test: Circus.TestEntry): Promise<void> {
    if (requirements.failureOf(test) === undefined) return;
    await follower.renewDevice();
    await requirements.lookAgain(test);
  }

  async #beginTest(session: FileSession, test: Circus.TestEntry): Promise<void> {
    const { follower, plan, course, repeats, requirements } = session;
    this.#marker?.set(fullName(test));
    const unknown = requirements.failureOf(test);
    // With an error before it began, Jest runs neither hooks nor body.
    if (unknown !== undefined) return void test.errors.push(unknown as Circus.TestError);
    const needsDevice = plan.needsDevice(test);
    await follower.renewDevice();
    let putBack = false;
    try {
      const again = test.name.endsWith(AGAIN);
      putBack = await course.testStarts(test, needsDevice, repeats ? (again ? "restored" : "fresh") : undefined);
    } catch (error) {
      test.errors.push(error as Circus.TestError);
    }
    await follower.prepare({ needsDevice, holdsDevice: plan.holdsDevice(test), putBack });
  }

  async #endTest({ follower, plan, rejections, late }: FileSession, test: Circus.TestEntry, state: Circus.State) {
    const again = await follower.finish({
      errors: test.errors,
      status: "passed",
      failing: test.failing,
      declaredAt: test.asyncError,
      takeRejections: () => rejections.take(test, state),
    });
    late.ended(test, plan.occurrenceOf(test));
    if (test.errors.length > 0 && !again) this.#retry.refuse(test);
    this.#marker?.set(undefined);
  }

  /** Tells of a process that died at this file before: Jest runs a file again whose worker crashed. */
  #mark(record: RunRecord): void {
    this.#marker = new RunMarker(record.folder, this.#file, this.#projectName);
    const dead = this.#marker.ofDeadProcess();
    if (dead !== undefined) {
      const { file, test, pid } = dead;
      record.add({ kind: "worker-died", file, diedPid: pid, ...(test === undefined ? {} : { test }) });
      process.stderr.write(`${describeDeath(dead)} Jest runs the file again.\n`);
    }
    this.#marker.set(undefined);
  }

  #onSignal(signal: NodeJS.Signals): void {
    const test = this.#session?.follower.test?.name;
    this.#record?.add({ kind: "interrupted", signal, ...(test === undefined ? {} : { test }) });
    this.#record?.flush();
    this.#marker?.remove();
    tellSignal(signal, test, this.#file);
  }

  /** Returns what could not be cleaned up. */
  #close(): Promise<readonly unknown[]> {
    return (this.#closing ??= this.#closeOnce());
  }

  async #closeOnce(): Promise<readonly unknown[]> {
    const errors = [...((await this.#session?.follower.close()) ?? [])];
    try {
      await this.#session?.device.close();
    } catch (error) {
      errors.push(error);
    }
    return errors;
  }
}
