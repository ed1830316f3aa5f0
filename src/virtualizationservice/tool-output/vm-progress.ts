/** The state of one VM, as its tool's lines tell it: it only moves forward, as in the service itself. */
import type { VmEvent, VmState } from "../contract.js";
import type { ToolLine } from "../dialects/dialect.js";

const ORDER: readonly VmState[] = ["NOT_STARTED", "STARTING", "STARTED", "READY", "FINISHED", "DEAD"];

export class VmProgress {
  #state: VmState = "NOT_STARTED";

  constructor(private readonly emit: (event: VmEvent) => void) {}

  get state(): VmState {
    return this.#state;
  }

  advance(state: VmState): void {
    if (ORDER.indexOf(state) <= ORDER.indexOf(this.#state)) return;
    this.#state = state;
    this.emit({ kind: "state", state });
  }

  /** A line about the payload. The state changes before the event that caused it is delivered. */
  apply(line: ToolLine): void {
    switch (line.kind) {
      case "created":
        if (line.state !== undefined && line.state !== "NOT_STARTED") this.advance("STARTING");
        break;
      case "starting":
        this.advance("STARTING");
        break;
      case "payload-started":
        this.#payloadStarted();
        break;
      case "payload-ready":
        // The tool of Android 13 has no line for the start of a payload, but no payload is ready before it started.
        this.#payloadStarted();
        this.advance("READY");
        this.emit({ kind: "payload-ready" });
        break;
      case "payload-finished":
        this.#payloadStarted();
        this.advance("FINISHED");
        this.emit({ kind: "payload-finished", exitCode: line.exitCode });
        break;
      case "error":
        this.advance("FINISHED");
        this.emit({ kind: "error", code: line.code, message: line.message });
        break;
      case "ended":
        break;
    }
  }

  #payloadStarted(): void {
    if (ORDER.indexOf(this.#state) >= ORDER.indexOf("STARTED")) return;
    this.advance("STARTED");
    this.emit({ kind: "payload-started" });
  }
}
