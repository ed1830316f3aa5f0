/** What each worker is at, by the events it has written so far. */
import type { RunEvent } from "../../artifacts/events.js";
import { causeText, text } from "../model/event-text.js";

export interface LiveMachine {
  readonly name: string;
  status: string;
  sinceMs: number;
  cause: string;
  /** The last line it printed. */
  lastLine: string;
}

interface LiveStep {
  readonly title: string;
  readonly startMs: number;
}

interface LiveTest {
  readonly file: string;
  readonly name: string;
  readonly attempt: number;
  readonly startMs: number;
  readonly steps: Map<number, LiveStep>;
}

export interface LiveWorker {
  readonly pid: number;
  worker: string;
  device: string | undefined;
  file: string | undefined;
  test: LiveTest | undefined;
  /** Those that have not been deleted. */
  readonly machines: Map<number, LiveMachine>;
}

export class LiveState {
  readonly #workers = new Map<number, LiveWorker>();

  /** Those that are at a file, or keep a device, by their number. */
  get workers(): readonly LiveWorker[] {
    const busy = [...this.#workers.values()].filter(({ file, device }) => file !== undefined || device !== undefined);
    return busy.sort((a, b) => a.worker.localeCompare(b.worker, undefined, { numeric: true }));
  }

  workerOf(pid: number): LiveWorker {
    let worker = this.#workers.get(pid);
    if (worker === undefined) {
      worker = { pid, worker: "1", device: undefined, file: undefined, test: undefined, machines: new Map() };
      this.#workers.set(pid, worker);
    }
    return worker;
  }

  add(event: RunEvent): void {
    const worker = this.workerOf(event.pid);
    switch (event.kind) {
      case "process-started":
        worker.worker = text(event.worker, worker.worker);
        break;
      case "device-leased":
        worker.device = text(event.device);
        break;
      case "device-released":
        worker.device = undefined;
        break;
      case "file-started":
        worker.file = text(event.file);
        break;
      case "file-ended":
        worker.file = undefined;
        worker.machines.clear();
        break;
      case "test-start": {
        const { file, test, attempt } = event;
        worker.test = { file: text(file), name: text(test), attempt, startMs: event.atMs, steps: new Map() };
        break;
      }
      case "test-end":
        worker.test = undefined;
        break;
      case "step-started":
        worker.test?.steps.set(event.step, { title: text(event.title), startMs: event.atMs });
        break;
      case "step-ended":
        worker.test?.steps.delete(event.step);
        break;
      case "vm-transition":
        this.#transition(worker, event);
        break;
      case "vm-output": {
        const machine = worker.machines.get(event.machine);
        if (machine !== undefined) machine.lastLine = text(event.line);
        break;
      }
      default:
    }
  }

  #transition(worker: LiveWorker, event: Extract<RunEvent, { readonly kind: "vm-transition" }>): void {
    if (event.status === "DELETED") return void worker.machines.delete(event.machine);
    const before = worker.machines.get(event.machine);
    worker.machines.set(event.machine, {
      name: text(event.vm),
      status: text(event.status),
      sinceMs: event.atMs,
      cause: causeText(event.cause),
      lastLine: before?.lastLine ?? "",
    });
  }
}
