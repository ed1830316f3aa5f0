/**
 * One run of a VM. Events of the service that come before the start is known to have worked are held back with their
 * times, so that records always begin with the run; after `died`, nothing more is let through.
 */
import { SERVICE_DEATH_REASONS } from "../../base/vm/death-reasons.js";
import { nowMs } from "../journal/record.js";
import type { DeathReason, RunningVm, VmEvent } from "../../virtualizationservice/contract.js";

const START_FAILED: DeathReason = { kind: "known", name: "START_FAILED", value: SERVICE_DEATH_REASONS.START_FAILED };

export interface StampedEvent {
  readonly event: VmEvent;
  readonly atMs: number;
}

export class RunSession {
  #held: StampedEvent[] | undefined = [];
  #handle: RunningVm | undefined;
  #ended: DeathReason | undefined;
  #left = false;
  /** Set when `stop()` or `close()` asked for the end. */
  stopRequested = false;

  constructor(
    readonly number: number,
    private readonly deliver: (stamped: StampedEvent) => void,
  ) {}

  get handle(): RunningVm | undefined {
    return this.#handle;
  }

  /** Why the run ended; undefined as long as it runs. */
  get ended(): DeathReason | undefined {
    return this.#ended;
  }

  /** The service says STARTING, STARTED, READY or FINISHED. */
  isRunning(): boolean {
    if (!this.#handle || this.#ended || this.#left) return false;
    const state = this.#handle.state();
    return state !== "NOT_STARTED" && state !== "DEAD";
  }

  readonly receive = (event: VmEvent): void => {
    const stamped = { event, atMs: nowMs() };
    if (this.#held) this.#held.push(stamped);
    else this.#pass(stamped);
  };

  /** The VM runs. `onRunning` gets the time of its start; then all that was held back is delivered. */
  begin(handle: RunningVm, onRunning: (atMs: number) => void): void {
    this.#handle = handle;
    onRunning(this.#held?.[0]?.atMs ?? nowMs());
    this.#releaseHeld(() => true);
  }

  /** The start failed: only the output is let through, which may say why. Returns the reason for the end. */
  abandon(): DeathReason {
    this.#releaseHeld(({ event }) => event.kind === "console" || event.kind === "log");
    return (this.#ended ??= START_FAILED);
  }

  /** The device is about to be put back: nothing more is let through, and nothing of ours follows the VM. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.#handle?.disown();
  }

  #releaseHeld(wanted: (stamped: StampedEvent) => boolean): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const stamped of held) if (wanted(stamped)) this.#pass(stamped);
  }

  #pass(stamped: StampedEvent): void {
    if (this.#ended || this.#left) return;
    if (stamped.event.kind === "died") this.#ended = stamped.event.reason;
    this.deliver(stamped);
  }
}
