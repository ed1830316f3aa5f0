/**
 * Jest's own runner, with what belongs to a run as a whole around it: its folder, the emulated device made ready, its end,
 * its reports. Each project names its runner, whatever the root configuration says, and rarely one of its own; setup,
 * teardown and reporters are replaced by those of the configuration.
 */
import { join } from "node:path";
import { RunRecord } from "../../artifacts/run-record.js";
import { beginRun, currentRun, type RunOutcome, type RunReports } from "../../reporter/run-reports.js";
import { describeOutcome } from "../../reporter/jest-reporter.js";
import type { JestShard } from "../../reporter/jest-results.js";
import { writeAll } from "../../reporter/write-all.js";
import { forPrinting } from "../../session/failures/test-errors.js";
import { jestModule } from "./jest-modules.js";
import { hideOwnRecords } from "./own-records.js";
import { prepareDevices, type ProjectOptions } from "../../session/run/prepare-devices.js";
import { labAddress } from "../../lab/sources/lab-address.js";
import { labReleaseMs } from "../../lab/sources/lab-devices.js";
import { releaseAll, releaseAtRunEnd, watchProcessEnd } from "../../lab/process-end.js";
import { ResultCount, type TestFileFailure, type TestFileResult } from "./result-count.js";
import { describeDeath, takeDeadMarkers } from "../../session/run/run-marker.js";

/** The parts of Jest's types that are used here. */
interface GlobalConfig {
  readonly rootDir: string;
  readonly shard?: JestShard;
  readonly testNamePattern?: string;
  readonly bail: number;
  readonly collectTests?: boolean;
  readonly projects?: readonly unknown[];
  readonly watch: boolean;
  readonly watchAll: boolean;
  readonly workerThreads?: boolean;
  readonly workerGracefulExitTimeout?: number;
}

interface Test {
  readonly path: string;
  readonly context: { readonly config: ProjectOptions & ProjectConfig };
}

interface ProjectConfig {
  readonly testEnvironment: string;
  readonly displayName?: { readonly name: string };
}

interface Watcher {
  isInterrupted(): boolean;
}

interface Listeners {
  "test-file-success": readonly [Test, TestFileResult];
  "test-file-failure": readonly [Test, TestFileFailure];
}

interface Runner {
  runTests(tests: readonly Test[], watcher: Watcher, options: { readonly serial: boolean }): Promise<void>;
  on<Name extends keyof Listeners>(name: Name, listener: (data: Listeners[Name]) => unknown): () => void;
}

type RunnerClass = new (config: GlobalConfig, context: unknown, options?: unknown) => Runner;

const { default: JestRunner } = jestModule("jest-runner") as { readonly default: RunnerClass };
const ENVIRONMENT = join(__dirname, "../environment.js");
const WATCHED =
  "avf: this Jest has no way to exclude the records of runs from watching: if it runs again by itself, add " +
  '"/avf-results/" to `watchPathIgnorePatterns` of each project.';

/** Jest's own default: how long a worker has to end by itself, after which Jest ends it and complains. */
const WORKER_EXIT_MS = 500;

export default class AvfRunner extends JestRunner {
  readonly #config: GlobalConfig;
  readonly #exit: { timeoutMs: number };
  #inBand = false;

  constructor(config: GlobalConfig, context: unknown, options?: unknown) {
    const exit = { timeoutMs: config.workerGracefulExitTimeout ?? WORKER_EXIT_MS };
    const ours = {
      ...config,
      // Threads share one process and so its children, its signals, its end: a worker's device and VMs would be another's.
      workerThreads: false,
      get workerGracefulExitTimeout() {
        return exit.timeoutMs;
      },
    };
    super(Object.freeze(ours), context, options);
    this.#config = config;
    this.#exit = exit;
  }

  override async runTests(...[tests, watcher, options]: Parameters<Runner["runTests"]>): Promise<void> {
    const ours = tests.filter(({ context }) => context.config.testEnvironment === ENVIRONMENT);
    // Files are loaded to list their tests, and nothing runs.
    if (this.#config.collectTests === true) return super.runTests(tests, watcher, options);
    this.#inBand = options.serial;
    this.#exit.timeoutMs = Math.max(this.#exit.timeoutMs, ...ours.map(({ context }) => releaseMs(context.config)));
    const { rootDir, shard, testNamePattern: namePattern, watch, watchAll } = this.#config;
    const told = currentRun();
    const run = told ?? beginRun({ rootDir, shard, namePattern, watches: watch || watchAll, onCutShort: sayAtExit });
    const count = told === undefined ? this.#count(run) : undefined;
    releaseAtRunEnd();
    let began = false;
    try {
      if (ours.length > 0) await this.#begin(run, ours);
      began = true;
      await super.runTests(tests, watcher, options);
    } finally {
      await releaseAll();
      tellDeaths(run);
      const outcome = count && run.end(count.ended(!began || watcher.isInterrupted()));
      if (outcome !== undefined) say(describeOutcome(outcome));
    }
  }

  /** With `--bail` Jest ends its process as soon as it hears of a failure, and what this process holds has to go before. */
  override on<Name extends keyof Listeners>(
    name: Name,
    listener: (data: Listeners[Name]) => unknown,
  ): ReturnType<Runner["on"]> {
    if (this.#config.bail === 0) return super.on(name, listener);
    return super.on(name, async (data) => {
      if (this.#inBand && hasFailed(data)) await releaseAll();
      return listener(data);
    });
  }

  async #begin(run: RunReports, ours: readonly Test[]): Promise<void> {
    const { rootDir, watch, watchAll, projects = [] } = this.#config;
    try {
      // So that a signal to Jest's own process lets it tell of the run so far.
      watchProcessEnd();
      if (!hideOwnRecords(rootDir) && (watch || watchAll) && projects.length > 1) say([WATCHED]);
      run.begin();
      say(sameNames(ours));
      await prepareDevices([...new Set(ours.map(({ context }) => context.config))]);
    } catch (error) {
      throw forPrinting(error);
    }
  }

  /** For runs without a reporter of ours that reports what Jest found. */
  #count(run: RunReports): ResultCount {
    const count = new ResultCount(run);
    super.on("test-file-success", ([test, result]) => count.add(test, result));
    super.on("test-file-failure", ([test, error]) => count.addFailure(test, error));
    return count;
  }
}

/** Jest has nothing else that a person, `--selectProjects` or another run could know a project by. */
function sameNames(tests: readonly Test[]): readonly string[] {
  const seen = new Set<string>();
  const twice = tests.find(({ path, context: { config } }) => {
    const key = JSON.stringify([path, config.displayName?.name]);
    return seen.has(key) || !seen.add(key);
  });
  if (twice === undefined) return [];
  const name = twice.context.config.displayName?.name;
  const which = name === undefined ? "without a `displayName`" : `named "${name}"`;
  return [
    `avf: several projects ${which} run ${twice.path}: reports mix their tests up unless each has a name of its own.`,
  ];
}

function releaseMs({ testEnvironmentOptions: { devices } }: ProjectOptions): number {
  return labReleaseMs(labAddress(typeof devices === "string" ? devices : undefined));
}

function hasFailed(data: Listeners[keyof Listeners]): boolean {
  const result: TestFileResult | TestFileFailure | undefined = data[1];
  return result !== undefined && (!("numFailingTests" in result) || result.numFailingTests > 0);
}

/** Who died, and was not replaced by one that came to the end of the file. */
function tellDeaths(run: RunReports): void {
  const dead = takeDeadMarkers(run.folder);
  if (dead.length === 0) return;
  const record = new RunRecord(run.folder);
  for (const marker of dead) {
    const { file, test, pid } = marker;
    record.add({ kind: "worker-died", file, diedPid: pid, ...(test === undefined ? {} : { test }) });
  }
  record.close();
  say(dead.map(describeDeath));
}

/** Without a reporter of ours stdout belongs to those that the project has. */
function say(lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(""));
}

/** Past process.stderr, whose `write` Jest's default reporter has replaced by one that waits for a timer. */
function sayAtExit(outcome: RunOutcome): void {
  writeAll(
    2,
    describeOutcome(outcome)
      .map((line) => `${line}\n`)
      .join(""),
  );
}
