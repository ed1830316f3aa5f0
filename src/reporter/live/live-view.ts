/**
 * What a run is doing, while it does it: below Jest's own status on a terminal, as plain lines elsewhere. Reads what the
 * workers have written to the run's folder, so it costs them nothing.
 */
import { join } from "node:path";
import { clockMs } from "../../artifacts/clock.js";
import { EventFile, eventFiles } from "../../artifacts/read-events.js";
import { drawLive } from "./draw.js";
import { drawBelowJest, type JestStatus } from "./jest-status.js";
import { LiveState } from "./live-state.js";
import { PlainLines } from "./plain-lines.js";

const EVERY_MS = 250;
/** A VM that floods its console is read as far as this each time; what is behind waits. */
const MAX_BYTES = 4 << 20;

interface LiveViewOptions {
  readonly runFolder: string;
  readonly rootDir: string;
}

/** `AVF_LIVE=off`: nothing, `lines`: plain lines on a terminal as well. */
export function startLiveView(options: LiveViewOptions): LiveView | undefined {
  return process.env["AVF_LIVE"] === "off" ? undefined : new LiveView(options);
}

export class LiveView {
  readonly #state = new LiveState();
  readonly #files = new Map<string, EventFile>();
  readonly #plain: PlainLines | undefined;
  readonly #status: JestStatus | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: LiveViewOptions) {
    const { rootDir } = options;
    this.#status = onTerminal()
      ? drawBelowJest((rows) =>
          drawLive(this.#state, { rows, columns: process.stdout.columns || 80, nowMs: clockMs(), rootDir }),
        )
      : undefined;
    this.#plain = this.#status === undefined ? new PlainLines(rootDir) : undefined;
    this.#timer = setInterval(() => this.#update(), EVERY_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#read();
    this.#status?.end();
  }

  #update(): void {
    this.#read();
    this.#say(this.#plain?.tick(this.#state, clockMs()) ?? []);
    this.#status?.redraw();
  }

  /** A folder that vanished has nothing to tell. */
  #read(): void {
    let names: readonly string[];
    try {
      names = eventFiles(this.options.runFolder);
    } catch {
      return;
    }
    for (const name of names) {
      const file = this.#files.get(name) ?? new EventFile(join(this.options.runFolder, name));
      this.#files.set(name, file);
      file.readNew((event) => {
        this.#say(this.#plain?.add(event, this.#state) ?? []);
        this.#state.add(event);
      }, MAX_BYTES);
    }
  }

  #say(lines: readonly string[]): void {
    if (lines.length > 0) process.stderr.write(lines.map((line) => `${line}\n`).join(""));
  }
}

/** As Jest decides whether it may move the cursor. */
function onTerminal(): boolean {
  const { TERM, CI, AVF_LIVE } = process.env;
  return process.stdout.isTTY && TERM !== "dumb" && (CI ?? "") === "" && AVF_LIVE !== "lines";
}
