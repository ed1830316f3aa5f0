/** What happened to a VM, in order and without loss: its status changes and the events of its service. */
import { performance } from "node:perf_hooks";
import { Notifier } from "./notifier.js";
import type { DeathReason, VmEvent } from "../../virtualizationservice/contract.js";
import type { Status } from "../constants.js";

/** Why a status was entered. */
export type TransitionCause =
  | { readonly kind: "created" | "loaded" | "imported" }
  | { readonly kind: "run"; readonly cid: number }
  /** Somebody called `stop()` or `close()`. */
  | { readonly kind: "stop"; readonly reason: DeathReason }
  | { readonly kind: "died"; readonly reason: DeathReason }
  | { readonly kind: "delete" }
  /** The device was restored to a checkpoint, and with it the state of the VM. `cid`: of the current run. */
  | { readonly kind: "restored"; readonly checkpoint: string; readonly cid?: number }
  /** The files went away behind the library's back. */
  | { readonly kind: "files-removed" };

export interface Transition {
  /** The status entered. */
  readonly status: Status;
  /** The status left; undefined for the first entry. */
  readonly previous: Status | undefined;
  readonly cause: TransitionCause;
  /** Monotonic: `performance.now()` of this process. */
  readonly atMs: number;
  /** 0 before the first run, then the number of the run. */
  readonly run: number;
}

/** All events but output, which has its own history; and what that tells of crashes. */
export type LifecycleEvent = Exclude<VmEvent, { readonly kind: "console" | "log" }> | CrashEvent;

/** A process of the VM crashed. `report` is what debuggerd says of it in the VM's log: signal, registers, backtrace. */
interface CrashEvent {
  readonly kind: "crash";
  readonly report: string;
}

export interface RecordedEvent {
  readonly event: LifecycleEvent;
  readonly atMs: number;
  readonly run: number;
}

/** A list that grows, and notifies of it. */
export class EventHistory<T> {
  #items: T[] = [];
  readonly #notifier: Notifier<T>;

  constructor(onListenerError: (error: unknown) => void) {
    this.#notifier = new Notifier(onListenerError);
  }

  /** Everything so far, oldest first. */
  get history(): readonly T[] {
    return [...this.#items];
  }

  get length(): number {
    return this.#items.length;
  }

  at(index: number): T | undefined {
    return this.#items.at(index);
  }

  /** Calls back for each entry from now on. Returns what ends it. */
  subscribe(listener: (entry: T) => void): () => void {
    return this.#notifier.subscribe(listener);
  }

  /** @internal */
  append(entry: T): void {
    this.#items.push(Object.freeze(entry));
    this.#notifier.emit(entry);
  }

  /** @internal Holds these from now on; no listener is called. */
  replace(entries: readonly T[]): void {
    this.#items = entries.map((entry) => Object.freeze(entry));
  }

  /** Everything so far, then what follows, until the signal ends it. */
  async *follow(signal?: AbortSignal): AsyncGenerator<T, void, undefined> {
    for (let next = 0; ; next++) {
      while (next >= this.#items.length) {
        if (signal?.aborted) return;
        await this.#grown(signal);
      }
      yield this.#items[next]!;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.follow();
  }

  async #grown(signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        unsubscribe();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const unsubscribe = this.subscribe(done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}

/** Milliseconds on the monotonic clock that all records use. */
export const nowMs = (): number => performance.now();
