/** The VMs of a process, as its events tell of them, and what an attempt at a test sees of each. */
import type { RunEvent } from "../../artifacts/events.js";
import { causeText, isFields, number, text, vmEventText } from "./event-text.js";
import type { LineModel, MachineModel, Span } from "./run-model.js";

interface Transition {
  readonly atMs: number;
  readonly status: string;
  readonly cause: string;
  readonly cid: number | undefined;
  /** The device was put back to when the VM was there. */
  readonly isReturn: boolean;
}

interface Phase {
  readonly atMs: number;
  readonly phase: string;
}

interface RunCall {
  readonly startMs: number;
}

/** Everything about one VM, over its whole life. */
export class MachineTrack {
  name = "";
  config: Readonly<Record<string, unknown>> = {};
  readonly transitions: Transition[] = [];
  readonly events: { atMs: number; event: string; detail: string }[] = [];
  readonly lines: LineModel[] = [];
  readonly runCalls: RunCall[] = [];
  readonly phases: Phase[] = [];
  /** Of the file, not of a test. */
  ofFile = false;

  constructor(
    readonly machine: number,
    readonly firstMs: number,
  ) {}

  /** @param atMs since the run began */
  add(event: RunEvent, atMs: number): void {
    switch (event.kind) {
      case "vm-created":
        if (isFields(event.config)) this.config = event.config;
        break;
      case "vm-transition": {
        const cid = isFields(event.cause) ? event.cause["cid"] : undefined;
        const cause = causeText(event.cause);
        const status = text(event.status);
        const isReturn = isFields(event.cause) && event.cause["kind"] === "restored" && status !== "DELETED";
        this.transitions.push({ atMs, status, cause, cid: number(cid) || undefined, isReturn });
        break;
      }
      case "vm-output":
        this.lines.push({ atMs, stream: text(event.stream), text: text(event.line) });
        break;
      case "vm-boot-stage":
        this.phases.push({ atMs, phase: text(event.stage) });
        break;
      case "vm-event":
        this.#addEvent(text(event.event), event.detail, atMs);
        break;
      case "api-call":
        if (event.call === "run") this.runCalls.push({ startMs: atMs });
        break;
      default:
    }
  }

  /** Whether it is one of an attempt's: of its file, made in it, or come back in it with a checkpoint. */
  isIn(attempt: Span): boolean {
    return this.ofFile || isWithin(attempt, this.firstMs) || this.#returnIn(attempt) !== undefined;
  }

  /** What is seen of it in an attempt; undefined when nothing happened to it then and it was not running. */
  within(attempt: Span): MachineModel | undefined {
    // Until it came back, it was what an earlier test had made of it.
    const isOld = !this.ofFile && this.firstMs < attempt.startMs;
    const window = { ...attempt, startMs: (isOld ? this.#returnIn(attempt) : undefined) ?? attempt.startMs };
    const inside = <T extends { readonly atMs: number }>(all: readonly T[]): readonly T[] =>
      all.filter(({ atMs }) => isWithin(window, atMs));
    const statuses = this.#statuses(window);
    const lines = inside(this.lines);
    if (this.ofFile && lines.length === 0 && !statuses.some(({ status }) => status === "RUNNING")) return undefined;
    const running = this.transitions.findLast(({ cid, atMs }) => cid !== undefined && atMs <= window.endMs);
    const isOfRun = ({ atMs }: { readonly atMs: number }): boolean =>
      running !== undefined && atMs >= running.atMs && atMs <= window.endMs;
    return {
      name: this.name,
      machine: this.machine,
      ofFile: this.ofFile,
      cid: running?.cid,
      isCopy: wasCopied(this, isOfRun),
      config: this.config,
      statuses,
      phases: clip(bootPhases(this, window.endMs), window),
      events: inside(this.events),
      lines,
    };
  }

  #returnIn(attempt: Span): number | undefined {
    return this.transitions.find(({ isReturn, atMs }) => isReturn && isWithin(attempt, atMs))?.atMs;
  }

  #statuses(window: Span): MachineModel["statuses"] {
    const spans = this.transitions.map(({ atMs, status, cause }, index) => {
      const untilMs = this.transitions[index + 1]?.atMs ?? window.endMs;
      // Nothing more happens to a VM that was deleted, while another may get its name.
      const endMs = status === "DELETED" ? atMs : untilMs;
      return { startMs: atMs, endMs, status, cause };
    });
    return clip(spans, window);
  }

  #addEvent(event: string, detail: unknown, atMs: number): void {
    if (event !== "state") this.events.push({ atMs, event, detail: vmEventText(event, detail) });
  }
}

const ENDS = ["payload-finished", "error", "died"];

/** From the call of `run` to the payload, run by run. What was not reached has no phase. */
function bootPhases(track: MachineTrack, endMs: number): readonly (Span & { readonly phase: string })[] {
  return track.transitions.flatMap((running, index) => {
    if (running.status !== "RUNNING" || running.isReturn) return [];
    const stoppedMs = track.transitions[index + 1]?.atMs ?? endMs;
    const during = ({ atMs }: { readonly atMs: number }): boolean => atMs >= running.atMs && atMs <= stoppedMs;
    const calledMs = track.runCalls.findLast(({ startMs }) => startMs <= running.atMs)?.startMs ?? running.atMs;
    const marks = [{ atMs: calledMs, phase: "start of the VMM" }];
    // The kernel's start is read from a later line, so that it is noted behind what came meanwhile.
    const reached = track.phases.filter(during).sort((a, b) => a.atMs - b.atMs);
    const named = wasCopied(track, during) ? phasesOfCopy(reached) : reached;
    if (named.length > 0) marks.push(...named);
    else marks.push({ atMs: running.atMs, phase: "boot" }, ...payloadMarks(track, during));
    const finishedMs = track.events.find((event) => during(event) && ENDS.includes(event.event))?.atMs ?? stoppedMs;
    return marks.map(({ atMs, phase }, place) => ({
      phase,
      startMs: atMs,
      endMs: Math.max(atMs, Math.min(marks[place + 1]?.atMs ?? finishedMs, stoppedMs)),
    }));
  });
}

/** What init of the emulated device's guest says when it continues from a template. */
const RESUMED = /\bmicrodroid_manager(\[\d+\])?: resumed from a template$/;

function wasCopied(track: MachineTrack, during: (line: LineModel) => boolean): boolean {
  return track.lines.some((line) => during(line) && RESUMED.test(line.text));
}

/** The kernel's boot was the template's. */
function phasesOfCopy(phases: readonly Phase[]): readonly Phase[] {
  return phases
    .filter(({ phase }) => phase !== "kernel")
    .map((one) => (one.phase === "vmm" ? { ...one, phase: "copy of a template" } : one));
}

function payloadMarks(
  track: MachineTrack,
  during: (event: { readonly atMs: number }) => boolean,
): readonly { readonly atMs: number; readonly phase: string }[] {
  const names: Readonly<Record<string, string>> = { "payload-started": "payload starts", "payload-ready": "ready" };
  const firstLine = track.lines.find(during);
  const started = track.events.find((event) => during(event) && event.event === "payload-started");
  const init =
    firstLine !== undefined && (started === undefined || firstLine.atMs < started.atMs)
      ? [{ atMs: firstLine.atMs, phase: "init" }]
      : [];
  const told = track.events.filter(during).flatMap(({ atMs, event }) => {
    const phase = names[event];
    return phase === undefined ? [] : [{ atMs, phase }];
  });
  return [...init, ...told];
}

function isWithin({ startMs, endMs }: Span, atMs: number): boolean {
  return atMs >= startMs && atMs <= endMs;
}

/** Spans cut to the window; those outside of it are left out. */
function clip<T extends Span>(spans: readonly T[], { startMs, endMs }: Span): readonly T[] {
  return spans
    .filter((span) => (span.endMs > startMs || span.startMs >= startMs) && span.startMs <= endMs)
    .map((span) => ({ ...span, startMs: Math.max(span.startMs, startMs), endMs: Math.min(span.endMs, endMs) }));
}
