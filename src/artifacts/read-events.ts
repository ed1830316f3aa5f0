/** Reads the events of a run, of all its processes, in the order in which they happened. */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../base/errors.js";
import { LineSplitter } from "../base/text/lines.js";
import { checkedEvent } from "./reading/event-fields.js";
import type { RunEvent } from "./events.js";
import { OutputKeeper, READ_BUDGET, type Budget } from "./output-budget.js";

const FILE_NAME = /^events-\d+\.jsonl$/;
const CHUNK_BYTES = 1 << 20;
/** More than our own record writes in a line: an event whose strings are cut holds a few of them. */
const MAX_LINE_BYTES = 4 << 20;
/** Our own record ends a file earlier; only the output of VMs can become that large. */
const MAX_FILE_BYTES = 256 << 20;
const MAX_OTHER_CHARACTERS = 512 << 20;

/**
 * A run that was killed has a last line cut short; what is no event is left out. Of what VMs printed the last lines of each
 * are read, within a budget for the whole run; `output-omitted` tells of the others.
 */
export function readEvents(runFolder: string, budget: Budget = READ_BUDGET): readonly RunEvent[] {
  const events: RunEvent[] = [];
  const output = new OutputKeeper(budget);
  let characters = 0;
  const add: OnEvent = (event, length) => {
    if (output.take(event)) return;
    characters += length;
    if (characters <= MAX_OTHER_CHARACTERS) events.push(event);
  };
  for (const name of eventFiles(runFolder)) new EventFile(join(runFolder, name)).readNew(add, MAX_FILE_BYTES);
  for (const event of output.events()) events.push(event);
  return events.sort((a, b) => a.atMs - b.atMs);
}

export function eventFiles(runFolder: string): readonly string[] {
  const entries = readdirSync(runFolder, { withFileTypes: true });
  // Not what a link leads to, nor a pipe: a run's folder may come from another machine.
  return entries.filter((entry) => entry.isFile() && FILE_NAME.test(entry.name)).map(({ name }) => name);
}

/** Why files of events cannot be read, in sentences; they may be another user's. */
export function unreadableEvents(runFolder: string): readonly string[] {
  return eventFiles(runFolder).flatMap((name) => {
    try {
      closeSync(openSync(join(runFolder, name), "r"));
      return [];
    } catch (error) {
      return [`${name} cannot be read: ${describeError(error)}.`];
    }
  });
}

/** @param characters how long its line is */
type OnEvent = (event: RunEvent, characters: number) => void;

/** A file of events that may still grow. */
export class EventFile {
  #offset = 0;
  #onEvent: OnEvent = () => undefined;
  readonly #lines = new LineSplitter((line) => this.#parse(line), MAX_LINE_BYTES);

  constructor(readonly path: string) {}

  /** Hands over what was written since the last call. A file that cannot be read has nothing new. */
  readNew(onEvent: OnEvent, maxBytes = Infinity): void {
    this.#onEvent = onEvent;
    let file: number;
    try {
      file = openSync(this.path, "r");
    } catch {
      return;
    }
    try {
      const end = Math.min(fstatSync(file).size, this.#offset + maxBytes);
      while (this.#offset < end) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - this.#offset));
        const length = readSync(file, chunk, 0, chunk.length, this.#offset);
        if (length === 0) return;
        this.#offset += length;
        this.#lines.push(chunk.subarray(0, length));
      }
    } finally {
      closeSync(file);
    }
  }

  #parse(line: string): void {
    try {
      const event = checkedEvent(JSON.parse(line));
      if (event !== undefined) this.#onEvent(event, line.length);
    } catch {
      // Cut short, or not ours.
    }
  }
}
