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
  readonly testExecError?: unknown;
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

export function runStarted(rootDir: string, argv: readonly string[], shard?: JestShard): JestEvent {
  const project = nameIn(join(rootDir, "package.json"), "name") ?? basename(rootDir);
  const version = nameIn(join(packageRoot, "package.json"), "version") ?? "";
  const [split, commit, pipeline] = [notedSplit(), commitOf(rootDir), pipelineOf()];
  return {
    ...{ kind: "run-started", project, rootDir, version, argv, id: randomUUID(), host: hostname() },
    ...(shard === undefined ? {} : { shard: { index: shard.shardIndex, count: shard.shardCount, ...split } }),
    ...(commit === undefined ? {} : { commit }),
    ...(pipeline === undefined ? {} : { pipeline }),
  };
}

export function fileResults(file: JestFile, result: JestFileResult): readonly JestEvent[] {
  const name = file.context.config.displayName?.name;
  const about = { file: result.testFilePath, ...(name === undefined ? {} : { project: name }) };
  const failure = isBroken(result) ? { failure: result.failureMessage ?? "" } : {};
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

/** It failed, and none of its tests says so. */
export function isBroken({ failureMessage, testExecError, testResults }: JestFileResult): boolean {
  if (typeof failureMessage !== "string") return false;
  if (testResults.length === 0) return true;
  const outside = testExecError !== undefined && testExecError !== null;
  return outside && !testResults.some(({ status }) => status === "failed");
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
