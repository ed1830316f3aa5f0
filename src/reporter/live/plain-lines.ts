/** The same for a pipe or a log: a line when a test is over, and now and then what a long one is busy with. */
import { relative } from "node:path";
import { formatMs } from "../../base/deadline.js";
import type { RunEvent } from "../../artifacts/events.js";
import { text } from "../model/event-text.js";
import type { LiveState, LiveWorker } from "./live-state.js";

const SIGNS = { passed: "✓", failed: "✗", skipped: "–", todo: "○" } as const;
/** A test says first after this long that it still runs, then each time after twice as long. */
const LONG_MS = 10_000;

export class PlainLines {
  /** When a line about the running test is due next, by process. */
  readonly #nextMs = new Map<number, number>();

  constructor(private readonly rootDir: string) {}

  /** Events to print before the state is. */
  add(event: RunEvent, state: LiveState): readonly string[] {
    const { worker, test } = state.workerOf(event.pid);
    if (event.kind === "device-leased") return [`avf: [${worker}] ${text(event.device)}`];
    if (event.kind === "test-failed-late") return [this.#late(event, worker)];
    if (event.kind === "test-start") this.#nextMs.set(event.pid, event.atMs + LONG_MS);
    if (event.kind !== "test-end" || test === undefined) return [];
    this.#nextMs.delete(event.pid);
    const attempt = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
    return event.status === "passed" || event.status === "failed"
      ? [`avf: [${worker}] ${SIGNS[event.status]} ${this.#name(test)} (${formatMs(event.durationMs)}${attempt})`]
      : [];
  }

  /** What runs long. */
  tick(state: LiveState, nowMs: number): readonly string[] {
    return state.workers.flatMap((worker) => {
      const { pid, test } = worker;
      const dueMs = this.#nextMs.get(pid);
      if (test === undefined || dueMs === undefined || nowMs < dueMs) return [];
      this.#nextMs.set(pid, nowMs + (nowMs - test.startMs));
      return [`avf: [${worker.worker}] ${this.#name(test)}: ${formatMs(nowMs - test.startMs)} so far${doing(worker)}`];
    });
  }

  #late({ file, test, errors }: Extract<RunEvent, { kind: "test-failed-late" }>, worker: string): string {
    const name = this.#name({ file: text(file), name: text(test) });
    const first = text(errors[0]).split("\n", 1)[0] ?? "";
    return `avf: [${worker}] ${SIGNS.failed} ${name}, when it was over: ${first}`;
  }

  #name({ file, name }: { readonly file: string; readonly name: string }): string {
    return `${relative(this.rootDir, file)} › ${name}`;
  }
}

function doing({ test, machines }: LiveWorker): string {
  const steps = [...(test?.steps.values() ?? [])].map(({ title }) => title);
  const vms = [...machines.values()].map(({ name, status, lastLine }) => {
    return `${name} ${status}${lastLine === "" ? "" : `, last line: ${lastLine}`}`;
  });
  return [...steps, ...vms].map((part) => `; ${part}`).join("");
}
