/** Tests, put together from Jest's result of each and from the attempts that the environment recorded. */
import { relative } from "node:path";
import type { JestEvent, TestStatus } from "../../artifacts/events.js";
import { rerunCommand } from "../../artifacts/rerun.js";
import { withSlashes } from "../../base/text/slashes.js";
import { number, text, texts } from "./event-text.js";
import type { AttemptModel, Outcome, TestModel } from "./run-model.js";

type TestResultEvent = Extract<JestEvent, { readonly kind: "test-result" }>;

/** An attempt, and which test it is one of. */
export interface RanAttempt {
  readonly file: string;
  readonly project: string | undefined;
  readonly test: string;
  readonly occurrence: number | undefined;
  readonly skipReason: string | undefined;
  readonly failureClass: string | undefined;
  readonly model: AttemptModel;
}

/**
 * In the order of Jest's results; behind them tests that it told nothing of, because the run was cut short. A file that
 * Jest ran again after its worker crashed has attempts from both times.
 */
export function mergeTests(
  results: readonly TestResultEvent[],
  attempts: readonly RanAttempt[],
  rootDir: string,
): readonly TestModel[] {
  const left = groupAttempts(attempts);
  const tests = results.map((result) => {
    const name = [...texts(result.ancestors), text(result.title)].join(" ");
    const key = keyOf(text(result.file), result.project, name);
    const ran = left.get(key)?.shift() ?? [];
    return { ...describe(text(result.file), result.project, name, ran, rootDir), ...told(result, ran) };
  });
  const untold = [...left.values()].flat().flatMap((ran) => {
    const [first] = ran;
    if (first === undefined) return [];
    const { file, project, test } = first;
    return [{ ...describe(file, project, test, ran, rootDir), ...untoldResult(test, ran) }];
  });
  return [...tests, ...untold].map((test, index) => ({ id: index + 1, ...test }));
}

/** Attempts of each test, by their names; several tests of one name in the order of their first attempts. */
function groupAttempts(attempts: readonly RanAttempt[]): Map<string, (readonly RanAttempt[])[]> {
  const byName = new Map<string, Map<number, RanAttempt[]>>();
  for (const ran of attempts) {
    const key = keyOf(ran.file, ran.project, ran.test);
    const tests = byName.get(key) ?? new Map<number, RanAttempt[]>();
    byName.set(key, tests);
    const occurrence = ran.occurrence ?? guessOccurrence(ran, tests);
    tests.set(occurrence, [...(tests.get(occurrence) ?? []), ran]);
  }
  return new Map([...byName].map(([key, tests]) => [key, [...tests.values()]]));
}

/** In older records a first attempt begins another test, unless the one before was cut off by a crash. */
function guessOccurrence({ model }: RanAttempt, tests: ReadonlyMap<number, readonly RanAttempt[]>): number {
  const crashed = tests.get(tests.size)?.at(-1)?.model.status === "unfinished";
  return model.attempt === 1 && !crashed ? tests.size + 1 : Math.max(1, tests.size);
}

function keyOf(file: string, project: string | undefined, test: string): string {
  return JSON.stringify([file, project ?? "", test]);
}

function describe(
  file: string,
  project: string | undefined,
  name: string,
  ran: readonly RanAttempt[],
  rootDir: string,
): Pick<
  TestModel,
  "file" | "project" | "name" | "attempts" | "startMs" | "rerun" | "skipReason" | "failureClass" | "subtests"
> {
  const path = relative(rootDir, file);
  const shown = path.startsWith("..") ? file : withSlashes(path);
  return {
    file: shown,
    project,
    name,
    attempts: ran.map(({ model }) => model),
    startMs: ran[0]?.model.startMs,
    rerun: rerunCommand(shown, name, project),
    subtests: ran.at(-1)?.model.subtests ?? [],
    skipReason: ran.at(-1)?.skipReason,
    failureClass: ran.findLast(({ failureClass }) => failureClass !== undefined)?.failureClass,
  };
}

type Told = Pick<TestModel, "ancestors" | "title" | "outcome" | "durationMs" | "failures" | "earlierFailures" | "line">;

function told(result: TestResultEvent, ran: readonly RanAttempt[]): Told {
  // Without attempts of all invocations only their number is known: a suite outside of our environment.
  const triedAgain = failedBefore(ran) || number(result.invocations, 1) > Math.max(1, ran.length);
  const { line } = result;
  return {
    ancestors: texts(result.ancestors),
    title: text(result.title),
    outcome: result.status === "passed" && triedAgain ? "flaky" : result.status,
    durationMs: number(result.durationMs),
    failures: texts(result.failures),
    // Jest keeps them only where it is configured to print them.
    earlierFailures: result.retries.length > 0 ? texts(result.retries) : triedAgain ? errorsBeforeLast(ran) : [],
    line: line === undefined ? undefined : number(line),
  };
}

function untoldResult(test: string, ran: readonly RanAttempt[]): Told {
  const last = ran.at(-1)?.model;
  const status: TestStatus | "unfinished" = last?.status ?? "unfinished";
  const outcome: Outcome = status === "passed" && failedBefore(ran) ? "flaky" : status;
  return {
    ancestors: [],
    title: test,
    outcome,
    durationMs: last === undefined ? 0 : last.endMs - last.startMs,
    failures: last?.errors ?? [],
    earlierFailures: errorsBeforeLast(ran),
    line: undefined,
  };
}

/**
 * An attempt before the last one did not pass. Those that passed run again as well: with their file when its worker crashed,
 * with their block by `jest.retryTimes(n, { entireDescribe: true })`.
 */
function failedBefore(ran: readonly RanAttempt[]): boolean {
  return ran.slice(0, -1).some(({ model }) => model.status !== "passed");
}

function errorsBeforeLast(ran: readonly RanAttempt[]): readonly string[] {
  return ran.slice(0, -1).map(({ model }) => model.errors.join("\n\n") || "The attempt did not end.");
}
