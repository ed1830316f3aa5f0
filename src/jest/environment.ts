/** Jest's side of the harness: a device for the file's tests, their events, and the end of both. */
import type { EnvironmentContext, JestEnvironmentConfig } from "@jest/environment";
import type { Circus } from "@jest/types";
import { TestEnvironment } from "jest-environment-node";
import { runFolder } from "../artifacts/run-folder.js";
import { RunRecord } from "../artifacts/run-record.js";
import { describeError } from "../base/errors.js";
import { BRIDGE, DEFAULT_TEST_TIMEOUT_MS } from "./bridge.js";
import { openFileHarness, type FileHarness } from "./file-harness.js";
import { readOptions, type EnvironmentOptions } from "./options.js";
import { releaseAtEnd, watchProcessEnd } from "./process-end.js";
import { FileSession } from "./session.js";
import { forPrinting } from "./test-errors.js";

watchProcessEnd();

/** One for all files of this process. */
let record: RunRecord | undefined;

export default class AvfEnvironment extends TestEnvironment {
  readonly #options: EnvironmentOptions;
  readonly #rootDir: string;
  readonly #file: string;
  readonly #projectName: string | undefined;
  readonly #testTimeoutMs: number;
  #harness: FileHarness | undefined;
  #session: FileSession | undefined;
  #closing: Promise<readonly unknown[]> | undefined;
  #forget: (() => void) | undefined;

  /** @throws UsageError for options that cannot be; nothing is started here, for Jest tears nothing down after it */
  constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    super(config, context);
    this.#rootDir = config.projectConfig.rootDir;
    this.#file = context.testPath;
    this.#projectName = config.projectConfig.displayName?.name;
    this.#testTimeoutMs = config.projectConfig.testTimeout ?? DEFAULT_TEST_TIMEOUT_MS;
    this.#options = readOptions(config.projectConfig.testEnvironmentOptions, this.#rootDir);
  }

  override async setup(): Promise<void> {
    await super.setup();
    try {
      record ??= new RunRecord(runFolder(this.#rootDir));
      const project = this.#projectName === undefined ? {} : { project: this.#projectName };
      record.add({ kind: "file-started", file: this.#file, ...project });
      this.#harness = await openFileHarness(this.#options, this.#rootDir, record);
      // With a device of ours goes all that is on it.
      if (!this.#harness.deviceEndsWithUs) this.#forget = releaseAtEnd(async () => void (await this.#close()));
      const { harness, deviceEndsWithUs } = this.#harness;
      const [projectFolder, file, testTimeoutMs] = [this.#rootDir, this.#file, this.#testTimeoutMs];
      this.#session = new FileSession({ harness, record, projectFolder, file, testTimeoutMs, deviceEndsWithUs });
      (this.global as unknown as Record<symbol, unknown>)[BRIDGE] = this.#session;
    } catch (error) {
      throw forPrinting(error);
    }
  }

  /** A rejection here would end the whole file, or, for the events that Jest does not wait for, the whole process. */
  async handleTestEvent(event: Circus.AsyncEvent | Circus.SyncEvent): Promise<void> {
    try {
      await this.#onEvent(event);
    } catch (error) {
      process.stderr.write(`avf: while handling Jest's event ${event.name}: ${describeError(error)}\n`);
    }
  }

  override async teardown(): Promise<void> {
    try {
      const errors = await this.#close();
      if (errors.length > 0) throw forPrinting(errors[0]);
    } finally {
      this.#forget?.();
      record?.add({ kind: "file-ended", file: this.#file });
      record?.flush();
      await super.teardown();
    }
  }

  async #onEvent(event: Circus.AsyncEvent | Circus.SyncEvent): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    switch (event.name) {
      case "start_describe_definition":
        return session.describeStarted();
      case "finish_describe_definition":
        return session.describeFinished();
      case "test_start":
        return session.testStarted(fullName(event.test), event.test.invocations);
      case "test_skip":
        return session.testFinished({ errors: [], status: "skipped" });
      case "test_todo":
        return session.testFinished({ errors: [], status: "todo" });
      case "test_fn_failure":
        return session.bodyFailed(event.error);
      case "test_done":
        return session.testFinished({ errors: event.test.errors, status: "passed" });
      case "run_finish":
        await this.#close();
        return;
      default:
    }
  }

  /** Returns what could not be cleaned up. */
  #close(): Promise<readonly unknown[]> {
    return (this.#closing ??= this.#closeOnce());
  }

  async #closeOnce(): Promise<readonly unknown[]> {
    const errors = [...((await this.#session?.close()) ?? [])];
    try {
      await this.#harness?.close();
    } catch (error) {
      errors.push(error);
    }
    return errors;
  }
}

/** As Jest's `-t` matches it: the blocks around the test, and the test. */
function fullName(test: Circus.TestEntry): string {
  const names = [test.name];
  for (let block: Circus.DescribeBlock | undefined = test.parent; block?.parent; block = block.parent) {
    names.unshift(block.name);
  }
  return names.join(" ");
}
