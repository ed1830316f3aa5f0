/** What one process did: its files, the attempts at their tests, and what belongs to each. */
import type { RunEvent } from "../../artifacts/events.js";
import { apiCallText, assertionText, checkpointText, deviceCallText, number, text } from "./event-text.js";
import { MachineTrack } from "./machines.js";
import { SubtestLists } from "./subtests.js";
import type { AssertionModel, AttemptModel, CallModel, DeviceModel, LineModel, Span, StepModel } from "./run-model.js";

type Event<K extends RunEvent["kind"]> = Extract<RunEvent, { readonly kind: K }>;

/** An attempt whose end may not have come yet. */
interface AttemptTrack {
  readonly file: string;
  readonly project: string | undefined;
  readonly test: string;
  readonly attempt: number;
  /** Which of the tests of its name; older records do not tell. */
  readonly occurrence: number | undefined;
  readonly startMs: number;
  readonly device: DeviceModel | undefined;
  endMs: number | undefined;
  end: Event<"test-end"> | undefined;
  readonly checkpoints: (Span & { readonly text: string })[];
  readonly calls: CallModel[];
  readonly assertions: AssertionModel[];
  readonly steps: StepModel[];
  readonly deviceLog: LineModel[];
  readonly subtests: SubtestLists;
  omittedLines: number;
}

export class ProcessTrack {
  readonly attempts: AttemptTrack[] = [];
  readonly devices: DeviceModel[] = [];
  readonly machines = new Map<number, MachineTrack>();
  worker: string | undefined;
  lastMs = 0;
  #file: { readonly file: string; readonly project: string | undefined } | undefined;
  #current: AttemptTrack | undefined;
  readonly #openSteps = new Map<number, { readonly event: Event<"step-started">; readonly atMs: number }>();

  constructor(readonly pid: number) {}

  /** Events come in the order of their time. */
  add(event: RunEvent, atMs: number): void {
    this.lastMs = Math.max(this.lastMs, isRecordedAtStart(event) ? atMs + number(event.durationMs) : atMs);
    if (event.kind !== "output-omitted" && "machine" in event && typeof event.machine === "number")
      this.#machine(event.machine, event, atMs);
    switch (event.kind) {
      case "process-started":
        if (event.worker !== undefined) this.worker = text(event.worker);
        break;
      case "device-leased":
        return this.#leased(event, atMs);
      case "device-released":
        return this.#released(atMs);
      case "file-started":
        this.#file = { file: text(event.file), project: event.project };
        break;
      case "test-start":
        return this.#started(event, atMs);
      case "test-end":
        return this.#ended(event, atMs);
      case "test-failed-late":
        return this.#failedLate(event);
      default:
        this.#addToTest(event, atMs);
    }
  }

  /** Steps that had not ended when the record did. */
  finish(): void {
    for (const { event, atMs } of this.#openSteps.values()) {
      const attempt = this.attempts.findLast(({ startMs }) => startMs <= atMs);
      const endMs = attempt?.endMs ?? this.lastMs;
      attempt?.steps.push({
        startMs: atMs,
        endMs,
        title: text(event.title),
        category: event.category,
        failure: "did not end",
      });
    }
    this.#openSteps.clear();
  }

  #machine(machine: number, event: RunEvent, atMs: number): void {
    let track = this.machines.get(machine);
    if (track === undefined) {
      track = new MachineTrack(machine, atMs);
      track.ofFile = this.#current === undefined;
      this.machines.set(machine, track);
    }
    if ("vm" in event && event.vm !== undefined) track.name = text(event.vm);
    track.add(event, atMs);
  }

  #started(event: Event<"test-start">, atMs: number): void {
    const { file } = event;
    this.#current = {
      ...{ file, project: this.#file?.project, test: text(event.test), attempt: number(event.attempt, 1) },
      ...{ occurrence: event.occurrence, startMs: atMs, endMs: undefined, end: undefined },
      device: this.devices.findLast(({ releasedMs }) => releasedMs === undefined),
      ...{ checkpoints: [], calls: [], assertions: [], steps: [], deviceLog: [], omittedLines: 0 },
      subtests: new SubtestLists(),
    };
    this.attempts.push(this.#current);
  }

  #ended(event: Event<"test-end">, atMs: number): void {
    const attempt = this.#current;
    if (attempt === undefined) return;
    attempt.end = event;
    attempt.endMs = atMs;
    this.#current = undefined;
  }

  #failedLate(event: Event<"test-failed-late">): void {
    const { file, test, attempt, occurrence, errors, failureClass, evidence } = event;
    const track = this.attempts.findLast(
      (one) => one.file === file && one.test === test && one.attempt === attempt && one.occurrence === occurrence,
    );
    if (track?.end === undefined) return;
    const failed = track.end.status === "failed";
    track.end = {
      ...track.end,
      ...{ status: "failed", errors: [...track.end.errors, ...errors] },
      ...(failed ? {} : { failureClass }),
      ...(failed || evidence === undefined ? {} : { evidence }),
    };
  }

  #leased(event: Event<"device-leased">, atMs: number): void {
    const { serial, device, properties = {} } = event;
    this.devices.push({
      ...{ serial: text(serial), description: text(device), properties, pid: this.pid },
      ...{ leasedMs: atMs, releasedMs: undefined },
    });
  }

  #released(atMs: number): void {
    const last = this.devices.at(-1);
    if (last !== undefined) this.devices[this.devices.length - 1] = { ...last, releasedMs: atMs };
  }

  #addToTest(event: RunEvent, atMs: number): void {
    if (event.kind === "step-ended") return this.#stepEnded(event, atMs);
    const test = this.#current;
    if (test === undefined) return;
    const span = { startMs: atMs, endMs: isRecordedAtStart(event) ? atMs + number(event.durationMs) : atMs };
    const vm = "vm" in event && event.vm !== undefined ? text(event.vm) : undefined;
    const machine = "machine" in event ? event.machine : undefined;
    switch (event.kind) {
      case "step-started":
        this.#openSteps.set(event.step, { event, atMs });
        break;
      case "assertion": {
        const message = event.message === undefined ? undefined : text(event.message);
        test.assertions.push({ ...span, text: assertionText(event), passed: event.passed, vm, machine, message });
        break;
      }
      case "api-call":
        test.calls.push({ ...span, layer: "api", text: apiCallText(event), vm, machine, failure: event.failure });
        break;
      case "device-call":
        test.calls.push({ ...span, layer: "device", text: deviceCallText(event), vm, machine, failure: event.failure });
        break;
      case "device-restored":
      case "checkpoint-saved":
      case "checkpoint-booted":
        test.checkpoints.push({ startMs: atMs - number(event.durationMs), endMs: atMs, text: checkpointText(event) });
        break;
      case "subtests":
        test.subtests.add(event);
        break;
      case "output-omitted":
        test.omittedLines += number(event.lines);
        break;
      case "device-log":
        test.deviceLog.push({ atMs, stream: "logcat", text: text(event.line) });
        break;
      default:
    }
  }

  #stepEnded(event: Event<"step-ended">, atMs: number): void {
    const open = this.#openSteps.get(event.step);
    if (open === undefined) return;
    this.#openSteps.delete(event.step);
    const attempt = this.attempts.findLast(({ startMs }) => startMs <= open.atMs);
    const { title, category } = open.event;
    attempt?.steps.push({ startMs: open.atMs, endMs: atMs, title: text(title), category, failure: event.failure });
  }

  /** What the reports show of an attempt. */
  attemptModel(track: AttemptTrack, evidence: AttemptModel["evidence"]): AttemptModel {
    const window = { startMs: track.startMs, endMs: track.endMs ?? Math.max(this.lastMs, track.startMs) };
    const { attempt, device, checkpoints, calls, assertions, steps, deviceLog, omittedLines, end } = track;
    const machines = [...this.machines.values()]
      .filter((machine) => machine.isIn(window))
      .flatMap((machine) => machine.within(window) ?? []);
    // What a test started and left to its file continues after it.
    const within = <T extends Span>(spans: readonly T[]): readonly T[] =>
      spans.map((span) => ({
        ...span,
        startMs: Math.max(span.startMs, window.startMs),
        endMs: Math.min(span.endMs, window.endMs),
      }));
    return {
      ...{ attempt, status: end?.status ?? "unfinished", ...window, pid: this.pid, worker: this.worker, device },
      vmm: vmmOf(device),
      ...{ errors: end?.errors ?? [], evidence, machines, checkpoints: within(checkpoints), calls: within(calls) },
      ...{ assertions: within(assertions), deviceLog, omittedLines, subtests: track.subtests.models() },
      steps: [...within(steps)].sort((a, b) => a.startMs - b.startMs),
    };
  }
}

/** Their time is that of their beginning. */
function isRecordedAtStart(event: RunEvent): event is Event<"api-call" | "device-call" | "assertion"> {
  return event.kind === "api-call" || event.kind === "device-call" || event.kind === "assertion";
}

function vmmOf(device: DeviceModel | undefined): string | undefined {
  return /\bVMs on ([^ ()]+(?: [\d.]+)?)/.exec(device?.description ?? "")?.[1];
}
