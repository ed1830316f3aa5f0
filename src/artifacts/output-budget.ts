/** Keeps what VMs printed within bounds, however much it was: the last lines of each, with the number of those left out. */
import type { RunEvent } from "./events.js";

export interface Budget {
  readonly lines: number;
  readonly characters: number;
}

/** Reports of a run take a few hundred megabytes to make with as much. */
export const READ_BUDGET: Budget = { lines: 200_000, characters: 48 << 20 };
/** The largest source gives up this part of its lines at a time. */
const PART = 16;

/** Of one VM, or of a device's log. */
class Source {
  lines: RunEvent[] = [];
  start = 0;
  characters = 0;
  readonly omitted: RunEvent[] = [];

  constructor(private readonly machine: number | undefined) {}

  get count(): number {
    return this.lines.length - this.start;
  }

  add(event: RunEvent): void {
    this.lines.push(event);
    this.characters += lengthOf(event);
  }

  /** Gives up its oldest lines. Returns how many, and of how many characters. */
  giveUp(): Budget {
    const lines = Math.max(1, Math.ceil(this.count / PART));
    const end = this.start + lines;
    const last = this.lines[end - 1]!;
    let characters = 0;
    for (let at = this.start; at < end; at++) characters += lengthOf(this.lines[at]!);
    this.start = end;
    this.characters -= characters;
    const { atMs, pid } = last;
    this.omitted.push({ kind: "output-omitted", lines, atMs, pid, ...(this.machine && { machine: this.machine }) });
    if (this.start > this.lines.length / 2) {
      this.lines = this.lines.slice(this.start);
      this.start = 0;
    }
    return { lines, characters };
  }
}

export class OutputKeeper {
  readonly #sources = new Map<string, Source>();
  #lines = 0;
  #characters = 0;

  constructor(private readonly budget: Budget) {}

  /** True: it is what a VM or a device printed, and kept or left out here. */
  take(event: RunEvent): boolean {
    if (event.kind !== "vm-output" && event.kind !== "device-log") return false;
    const machine = event.kind === "vm-output" ? event.machine : undefined;
    const key = `${event.pid} ${machine ?? ""}`;
    const source = this.#sources.get(key) ?? new Source(machine);
    this.#sources.set(key, source);
    source.add(event);
    this.#lines++;
    this.#characters += lengthOf(event);
    while (this.#lines > this.budget.lines || this.#characters > this.budget.characters) this.#giveUp();
    return true;
  }

  /** The lines that were kept, and `output-omitted` in place of others. */
  *events(): Generator<RunEvent, void, undefined> {
    for (const { omitted, lines, start } of this.#sources.values()) {
      yield* omitted;
      for (let at = start; at < lines.length; at++) yield lines[at]!;
    }
  }

  /** The VM that printed most loses lines first. */
  #giveUp(): void {
    let largest: Source | undefined;
    for (const source of this.#sources.values()) {
      if (source.count > 0 && (largest === undefined || source.characters > largest.characters)) largest = source;
    }
    if (largest === undefined) return;
    const { lines, characters } = largest.giveUp();
    this.#lines -= lines;
    this.#characters -= characters;
  }
}

/** An empty line takes room as well. */
function lengthOf(event: RunEvent): number {
  const line: unknown = "line" in event ? event.line : "";
  return (typeof line === "string" ? line.length : 0) + 32;
}
