/** A test of the model as its page shows it: times count from the beginning of the attempt. */
import { workerOf } from "../failure-text.js";
import type { AttemptModel, LineModel, MachineModel, Span, SubtestModel, TestModel } from "../model/run-model.js";
import { isBadSubtest, isSkippedSubtest, skipText, subtestFailure } from "../model/subtests.js";
import type { AttemptData, LineData, MachineData, SpanData, SpanKind, SubtestData, TestData } from "./report-data.js";

const MAX_LINE_LENGTH = 2_000;

/** How many lines of consoles and logs may still go into the page. */
export interface LineBudget {
  left: number;
  charactersLeft: number;
}

export function testData(test: TestModel, budget: LineBudget): TestData {
  return {
    failures: test.failures,
    rerun: test.rerun,
    attempts: test.attempts.map((attempt) => attemptData(attempt, budget)),
  };
}

export function attemptData(attempt: AttemptModel, budget: LineBudget): AttemptData {
  const { startMs, endMs, machines } = attempt;
  const { lines, dropped } = chooseLines(attempt, budget);
  return {
    status: attempt.status,
    durationMs: time(endMs - startMs),
    device: attempt.device?.description ?? "",
    vmm: attempt.vmm ?? "",
    worker: attempt.place === undefined ? (attempt.worker ?? "") : workerOf(attempt),
    errors: attempt.errors,
    evidence: evidenceLinks(attempt),
    machines: machines.map(machineData),
    subtests: attempt.subtests.map(subtestData),
    spans: spansOf(attempt).map((span) => ({
      ...span,
      startMs: time(span.startMs - startMs),
      endMs: time(span.endMs - startMs),
    })),
    lines: lines.map(([atMs, ...rest]) => [time(atMs - startMs), ...rest]),
    droppedLines: dropped + attempt.omittedLines,
  };
}

function subtestData(one: SubtestModel): SubtestData {
  const { names } = one;
  if (isBadSubtest(one)) return { names, outcome: "failed", text: subtestFailure(one) };
  const skipped = isSkippedSubtest(one);
  return { names, outcome: skipped ? "skipped" : "passed", text: skipped ? skipText(one) : "" };
}

/** `7 sub-tests, 2 failed`; empty where there are none. */
export function subtestsText(subtests: readonly SubtestModel[]): string {
  if (subtests.length === 0) return "";
  const failed = subtests.filter(isBadSubtest).length;
  const all = subtests.length === 1 ? "1 sub-test" : `${subtests.length} sub-tests`;
  return failed === 0 ? all : `${all}, ${failed} failed`;
}

const time = (ms: number): number => Math.round(ms * 10) / 10;

function evidenceLinks({ evidence }: AttemptModel): AttemptData["evidence"] {
  if (evidence === undefined) return [];
  const folder = evidence.folder.split("/").map(encodeURIComponent).join("/");
  return evidence.files.map((name) => ({ name, href: `./${folder}/${encodeURIComponent(name)}` }));
}

function machineData({ name, cid, isCopy, config, ofFile }: MachineModel): MachineData {
  const about = [
    cid === undefined ? "" : `CID ${cid}`,
    isCopy ? "copy of a template" : "",
    ofFile ? "of the file's hooks" : "",
  ];
  return { name, about: about.filter((part) => part !== "").join(" · "), config: JSON.stringify(config, undefined, 2) };
}

function spansOf(attempt: AttemptModel): readonly SpanData[] {
  const span = (kind: SpanKind, { startMs, endMs }: Span, text: string, more: Partial<SpanData> = {}): SpanData => ({
    ...{ kind, startMs, endMs, text, machine: -1, failed: false, detail: "" },
    ...more,
  });
  const failure = (text: string | undefined): Partial<SpanData> => ({ failed: text !== undefined, detail: text ?? "" });
  const placeOf = ({
    vm,
    machine,
  }: {
    readonly vm: string | undefined;
    readonly machine: number | undefined;
  }): number =>
    attempt.machines.findIndex((one) => (machine === undefined ? one.name === vm : one.machine === machine));
  return [
    ...attempt.machines.flatMap(({ statuses, phases, events }, machine) => [
      ...statuses.map((status) => span("status", status, status.status, { machine, detail: status.cause })),
      ...phases.map((phase) => span("phase", phase, phase.phase, { machine })),
      ...events.map(({ atMs, detail, event }) =>
        span("status", { startMs: atMs, endMs: atMs }, detail, { machine, failed: event === "error" }),
      ),
    ]),
    ...attempt.steps.map((step) => span(stepKind(step.category), step, step.title, failure(step.failure))),
    ...attempt.assertions.map((assertion) =>
      span("assertion", assertion, assertion.text, {
        machine: placeOf(assertion),
        failed: !assertion.passed,
        detail: assertion.message ?? "",
      }),
    ),
    ...attempt.checkpoints.map((checkpoint) => span("checkpoint", checkpoint, checkpoint.text)),
    ...attempt.calls.map((call) =>
      span(call.layer === "api" ? "api" : "adb", call, call.text, {
        machine: placeOf(call),
        ...failure(call.failure),
      }),
    ),
  ];
}

function stepKind(category: string): SpanKind {
  return category === "fixture" || category === "wait" ? category : "step";
}

/** The last lines are those that tell why something ended; what there is no room for is left out at the front. */
function chooseLines(attempt: AttemptModel, budget: LineBudget): { lines: readonly LineData[]; dropped: number } {
  const line =
    (machine: number) =>
    ({ atMs, stream, text }: LineModel): LineData => [atMs, stream, machine, text.slice(0, MAX_LINE_LENGTH)];
  const all = [
    ...attempt.machines.flatMap(({ lines }, machine) => lines.map(line(machine))),
    ...attempt.deviceLog.map(line(-1)),
  ].sort((a, b) => a[0] - b[0]);
  let first = all.length;
  while (first > 0 && budget.left > 0 && budget.charactersLeft > 0) {
    first--;
    budget.left--;
    budget.charactersLeft -= all[first]![3].length;
  }
  return { lines: all.slice(first), dropped: first };
}
