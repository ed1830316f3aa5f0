/**
 * A run, as Jest's own process knows it: what Jest reported about it, and its reports when it is over or cut short. Jest's runner
 * begins it, or the reporter, whichever comes first; a process that has several runs has them one after the other.
 */
import { existsSync } from "node:fs";
import { clockMs } from "../artifacts/clock.js";
import type { JestEvent } from "../artifacts/events.js";
import { eventFiles } from "../artifacts/read-events.js";
import { announceRun, makeRunFolder } from "../artifacts/run-folder.js";
import { holdRunFolder } from "../artifacts/run-lease.js";
import { flushRecords, RunRecord } from "../artifacts/run-record.js";
import { describeError } from "../base/errors.js";
import { runStarted, type JestShard } from "./jest-results.js";
import { startLiveView, type LiveView } from "./live/live-view.js";
import { historyFile } from "../history/index.js";
import { addToHistory } from "./history/add-run.js";
import { writeReports, type WrittenReports } from "./reports.js";

/** For workers that end at the same signal as we do: they write their events at least every quarter of a second. */
const WORKERS_WRITE_MS = 300;

export type RunOutcome = { readonly folder: string } & (WrittenReports | { readonly failure: string });

export interface RunOptions {
  /** Of the root configuration: the records of all its projects are in one place. */
  readonly rootDir: string;
  readonly shard?: JestShard | undefined;
  readonly namePattern?: string | undefined;
  /** Watch mode: a run that its user leaves with `q` is no failure. */
  readonly watches: boolean;
  /** Called when the process ends before the run did. */
  readonly onCutShort: (outcome: RunOutcome) => void;
}

let current: RunReports | undefined;
let watching = false;

/** The run that has begun and not ended. */
export function currentRun(): RunReports | undefined {
  return current;
}

export function beginRun(options: RunOptions): RunReports {
  if (!watching) {
    watching = true;
    process.on("exit", () => current?.cutShort());
  }
  return (current = new RunReports(options));
}

export class RunReports {
  readonly folder: string;
  #record: RunRecord | undefined;
  /** Until somebody makes the folder: a run may have no suite of ours. */
  #pending: (readonly [event: JestEvent, atMs: number])[] = [];
  #live: LiveView | undefined;

  constructor(private readonly options: RunOptions) {
    this.folder = announceRun(options.rootDir);
    this.add(runStarted(options.rootDir, process.argv.slice(2), options));
  }

  /** There are suites of ours: makes the folder, and shows what they do. */
  begin(): void {
    makeRunFolder(this.folder);
    this.add();
    this.#live ??= startLiveView({ runFolder: this.folder, rootDir: this.options.rootDir });
  }

  add(...events: readonly JestEvent[]): void {
    this.#pending.push(...events.map((event) => [event, clockMs()] as const));
    if (this.#record === undefined) {
      if (!existsSync(this.folder)) return;
      // A worker may have made it, and ends sooner.
      holdRunFolder(this.folder);
      this.#record = new RunRecord(this.folder);
    }
    for (const [event, atMs] of this.#pending.splice(0)) this.#record.add(event, atMs);
  }

  /** The run is over. Undefined when no suite of ours ran. */
  end(ended: JestEvent): RunOutcome | undefined {
    this.add(ended);
    return this.#finish();
  }

  /** A signal came, or Jest gave up: what is on disk by now is what the reports can tell. */
  cutShort(): void {
    if (existsSync(this.folder)) {
      flushRecords();
      if (eventFiles(this.folder).length > 1) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WORKERS_WRITE_MS);
      }
    }
    const outcome = this.#finish();
    if (outcome === undefined) return;
    // Of a test that calls process.exit(0): who looks at nothing else must not take the run for a success.
    if (!this.options.watches) process.exitCode ||= 1;
    this.options.onCutShort(outcome);
  }

  #finish(): RunOutcome | undefined {
    if (current === this) current = undefined;
    this.#live?.end();
    this.#live = undefined;
    if (!existsSync(this.folder)) return undefined;
    this.#record?.close();
    this.#record = undefined;
    flushRecords();
    try {
      const written = writeReports(this.folder);
      const problems = [...written.problems, ...addToHistory(historyFile(written.run.rootDir), [written.run])];
      return { folder: this.folder, ...written, problems };
    } catch (error) {
      // A full disk makes no test fail.
      return { folder: this.folder, failure: describeError(error) };
    }
  }
}
