/**
 * The run in Chrome's trace event format, which ui.perfetto.dev opens: a process for each worker, threads for its tests,
 * for what they did, and for each VM. On a thread no two slices overlap, so each of them nests.
 */
import { workerOf } from "../failure-text.js";
import { packLanes } from "../model/lanes.js";
import type { AttemptModel, MachineModel, RunModel, Span } from "../model/run-model.js";

export interface TraceEvent {
  readonly ph: "X" | "i" | "M";
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts?: number;
  readonly dur?: number;
  readonly s?: "t";
  readonly args?: Readonly<Record<string, unknown>>;
}

export function* traceJson(run: RunModel): Generator<string, void, undefined> {
  yield traceHead(run);
  let separator = "";
  for (const event of traceEvents(run)) {
    yield separator + JSON.stringify(event);
    separator = ",\n";
  }
  yield "\n]}\n";
}

export function traceHead(run: RunModel): string {
  const about = { run: run.name, project: run.project, startedAt: new Date(run.startedWallMs).toISOString() };
  return `{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[\n`;
}

/** Names first, then what happened, in the order of its time. */
export function traceEvents(run: RunModel): readonly TraceEvent[] {
  const threads = new Threads();
  const events = [...happened(run, threads)];
  return [...threads.names(), ...events.sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0) || (b.dur ?? 0) - (a.dur ?? 0))];
}

/** Nothing here is handed on as the arguments of a call: a call has room for some 100,000. */
export function* happened(run: RunModel, threads: Threads): Generator<TraceEvent, void, undefined> {
  for (const test of run.tests) {
    for (const attempt of test.attempts) {
      const { device } = attempt;
      const who = workerOf(attempt);
      threads.nameProcess(attempt.pid, `${who}${device === undefined ? "" : `: ${device.description}`}`);
      const args = { file: test.file, outcome: attempt.status, attempt: attempt.attempt, rerun: test.rerun };
      const thread = threads.of(attempt.pid, "tests");
      yield slice(thread, "test", test.name, attempt, args);
      if (attempt.omittedLines > 0) {
        const what = `${attempt.omittedLines} lines of consoles and logs are left out`;
        yield instant(thread, "omitted", what, attempt.startMs);
      }
      yield* activities(attempt, threads);
      for (const machines of byName(attempt.machines)) yield* machineEvents(attempt.pid, machines, threads);
    }
  }
}

interface Thread {
  readonly pid: number;
  readonly tid: number;
}

/** Numbers for threads, in the order in which they are first asked for within each process. */
export class Threads {
  readonly #processes = new Map<number, string>();
  readonly #threads = new Map<string, Thread & { readonly name: string }>();

  nameProcess(pid: number, name: string): void {
    this.#processes.set(pid, name);
  }

  of(pid: number, name: string): Thread {
    const key = `${pid} ${name}`;
    const thread = this.#threads.get(key) ?? { pid, tid: this.#threads.size + 1, name };
    this.#threads.set(key, thread);
    return thread;
  }

  names(): readonly TraceEvent[] {
    const metadata = (thread: Thread, name: string, args: Readonly<Record<string, unknown>>): TraceEvent => ({
      ...{ ph: "M", name, pid: thread.pid, tid: thread.tid, args },
    });
    const processes = [...this.#processes].map(([pid, name]) => metadata({ pid, tid: 0 }, "process_name", { name }));
    const threads = [...this.#threads.values()].flatMap((thread) => [
      metadata(thread, "thread_name", { name: thread.name }),
      metadata(thread, "thread_sort_index", { sort_index: thread.tid }),
    ]);
    return [...processes, ...threads];
  }
}

function activities(attempt: AttemptModel, threads: Threads): readonly TraceEvent[] {
  const lanes = <T extends Span>(
    name: string,
    spans: readonly T[],
    toEvent: (thread: Thread, span: T) => TraceEvent,
  ): readonly TraceEvent[] =>
    packLanes(spans).map(({ span, lane }) =>
      toEvent(threads.of(attempt.pid, lane === 0 ? name : `${name} ${lane + 1}`), span),
    );
  const calls = (layer: "api" | "device"): AttemptModel["calls"] =>
    attempt.calls.filter((call) => call.layer === layer);
  return [
    ...lanes("steps", attempt.steps, (thread, step) =>
      slice(thread, step.category, step.title, step, failed(step.failure)),
    ),
    ...lanes("assertions", attempt.assertions, (thread, { text, passed, message, ...span }) =>
      slice(thread, "assertion", `${passed ? "✓" : "✗"} ${text}`, span, failed(message)),
    ),
    ...lanes("checkpoints", attempt.checkpoints, (thread, { text, ...span }) =>
      slice(thread, "checkpoint", text, span),
    ),
    ...lanes("API calls", calls("api"), (thread, call) => slice(thread, "api", call.text, call, failed(call.failure))),
    ...lanes("adb", calls("device"), (thread, call) => slice(thread, "adb", call.text, call, failed(call.failure))),
    ...attempt.deviceLog.map(({ atMs, text }) => instant(threads.of(attempt.pid, "device log"), "log", text, atMs)),
  ];
}

/** VMs of one name share their threads: a name is used again after its VM was deleted. */
function byName(machines: readonly MachineModel[]): readonly (readonly MachineModel[])[] {
  const names = [...new Set(machines.map(({ name }) => name))];
  return names.map((name) => machines.filter((machine) => machine.name === name));
}

function machineEvents(pid: number, machines: readonly MachineModel[], threads: Threads): readonly TraceEvent[] {
  const thread = (what: string): Thread => threads.of(pid, `${machines[0]?.name ?? "VM"} ${what}`);
  const statuses = machines.flatMap((machine) => machine.statuses);
  const phases = machines.flatMap((machine) => machine.phases);
  const events = machines.flatMap((machine) => machine.events);
  const lines = machines.flatMap((machine) => machine.lines);
  return [
    ...packLanes(statuses).map(({ span, lane }) =>
      slice(thread(lane === 0 ? "status" : `status ${lane + 1}`), "status", span.status, span, { cause: span.cause }),
    ),
    ...packLanes(phases).map(({ span, lane }) =>
      slice(thread(lane === 0 ? "boot" : `boot ${lane + 1}`), "boot", span.phase, span),
    ),
    ...events.map(({ atMs, detail }) => instant(thread("events"), "vm", detail, atMs)),
    ...lines.map(({ atMs, stream, text }) => instant(thread(stream), stream, text, atMs)),
  ];
}

function slice(
  { pid, tid }: Thread,
  cat: string,
  name: string,
  { startMs, endMs }: Span,
  args: Readonly<Record<string, unknown>> = {},
): TraceEvent {
  return { ph: "X", name, cat, pid, tid, ts: micros(startMs), dur: micros(endMs) - micros(startMs), args };
}

function instant({ pid, tid }: Thread, cat: string, name: string, atMs: number): TraceEvent {
  return { ph: "i", s: "t", name: name === "" ? " " : name, cat, pid, tid, ts: micros(atMs) };
}

function failed(failure: string | undefined): Readonly<Record<string, unknown>> {
  return failure === undefined ? {} : { failure };
}

/** From whole microseconds of both ends, so that one slice ends exactly where the next begins. */
const micros = (ms: number): number => Math.round(ms * 1000);
