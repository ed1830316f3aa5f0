/** Jest's results as events of the run, so that all reports can be made from the run's folder. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import type { JestEvent, TestStatus } from "../artifacts/events.js";
import { packageRoot } from "../base/paths.js";
import { commitOf, notedSplit, pipelineOf } from "../history/index.js";
import type { RunCounts } from "./closing-line.js";

/** The part of Jest's `TestResult` that is used here. */
export interface JestFileResult {
  readonly testFilePath: string;
  readonly failureMessage?: string | null;
  /** What failed outside of tests: an `afterAll`, an error that nobody caught. */
  readonly testExecError?: { readonly message?: string; readonly stack?: string | null } | null;
  readonly testResults: readonly JestTestResult[];
  /** Of the whole file, setup included. */
  readonly perfStats?: { readonly runtime?: number };
}

interface JestTestResult {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly duration?: number | null;
  readonly invocations?: number;
  readonly failureMessages: readonly string[];
  readonly retryReasons?: readonly string[];
  readonly location?: { readonly line: number } | null;
}

/** The part of Jest's `Test` that is used here. */
export interface JestFile {
  readonly context: { readonly config: { readonly displayName?: { readonly name: string } } };
}

/** `--shard=2/4`, as Jest hands it on. */
export interface JestShard {
  readonly shardIndex: number;
  readonly shardCount: number;
}

const NAME_PATTERN = /^(-t|--testNamePattern)(=|$)/;

/** @param namePattern of the tests that run, however it was given: on the command line, or by a key in watch mode */
export function runStarted(
  rootDir: string,
  argv: readonly string[],
  {
    shard,
    namePattern = "",
  }: { readonly shard?: JestShard | undefined; readonly namePattern?: string | undefined } = {},
): JestEvent {
  const project = nameIn(join(rootDir, "package.json"), "name") ?? basename(rootDir);
  const version = nameIn(join(packageRoot, "package.json"), "version") ?? "";
  const [split, commit, pipeline] = [notedSplit(), commitOf(rootDir), pipelineOf()];
  return {
    ...{ kind: "run-started", project, rootDir, version, id: randomUUID(), host: hostname() },
    argv: namePattern === "" || argv.some((arg) => NAME_PATTERN.test(arg)) ? argv : [...argv, "-t", namePattern],
    ...(shard === undefined ? {} : { shard: { index: shard.shardIndex, count: shard.shardCount, ...split } }),
    ...(commit === undefined ? {} : { commit }),
    ...(pipeline === undefined ? {} : { pipeline }),
  };
}

export function fileResults(file: JestFile, result: JestFileResult): readonly JestEvent[] {
  const name = file.context.config.displayName?.name;
  const about = { file: result.testFilePath, ...(name === undefined ? {} : { project: name }) };
  const outside = failureOutside(result);
  const failure = outside === undefined ? {} : { failure: outside };
  const tests = result.testResults.map((test): JestEvent => {
    const { ancestorTitles, title, status, duration, invocations = 1, failureMessages, retryReasons, location } = test;
    return {
      kind: "test-result",
      ...about,
      ancestors: ancestorTitles,
      title,
      status: statusOf(status),
      durationMs: duration ?? 0,
      invocations,
      failures: failureMessages,
      retries: retryReasons ?? [],
      ...(location ? { line: location.line } : {}),
    };
  });
  const durationMs = result.perfStats?.runtime;
  return [...tests, { kind: "file-result", ...about, ...failure, ...(durationMs === undefined ? {} : { durationMs }) }];
}

/** What failed besides its tests: the whole file, a hook behind them, an error that nobody caught. */
export function failureOutside({ failureMessage, testExecError, testResults }: JestFileResult): string | undefined {
  if (typeof failureMessage !== "string") return undefined;
  if (testResults.length === 0) return failureMessage;
  if (testExecError === undefined || testExecError === null) return undefined;
  // Where tests failed, Jest's text has their failures as well.
  if (!testResults.some(({ status }) => status === "failed")) return failureMessage;
  return testExecError.stack || testExecError.message || failureMessage;
}

export function runEnded(
  results: RunCounts,
  counts: Omit<JestEvent & { kind: "run-ended" }, "kind" | "interrupted" | "success">,
): JestEvent {
  return { kind: "run-ended", ...counts, success: counts.failed === 0, interrupted: results.wasInterrupted };
}

/** Jest calls `pending` what `test.skip` and filters leave out. */
function statusOf(status: string): TestStatus {
  if (status === "passed" || status === "failed" || status === "todo") return status;
  return "skipped";
}

function nameIn(path: string, field: string): string | undefined {
  try {
    const value = (JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>)[field];
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
