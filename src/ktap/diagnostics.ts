/** Lines that belong to a test, as many of the last ones as there is room for. */
import { LIMITS } from "./model.js";

/** How much of a report may still be taken up by diagnostics. */
export interface DiagnosticRoom {
  left: number;
}

interface KeptLines {
  readonly diagnostics: readonly string[];
  readonly omittedDiagnostics: number;
}

export class Diagnostics {
  #lines: string[] = [];
  #omitted = 0;

  constructor(private readonly room: DiagnosticRoom) {}

  add(text: string): void {
    const line = text.length > LIMITS.diagnosticLength ? `${text.slice(0, LIMITS.diagnosticLength)}…` : text;
    this.#lines.push(line);
    this.room.left -= line.length;
    // Twice the limit, so that each line is moved once on average.
    if (this.#lines.length >= 2 * LIMITS.diagnosticLines) this.#cut();
    if (this.room.left < 0) this.#drop(this.#lines.length);
  }

  /** What was kept, which then belongs to the caller. */
  take(): KeptLines {
    if (this.#lines.length > LIMITS.diagnosticLines) this.#cut();
    const kept = { diagnostics: this.#lines, omittedDiagnostics: this.#omitted };
    this.#lines = [];
    this.#omitted = 0;
    return kept;
  }

  #cut(): void {
    this.#drop(this.#lines.length - LIMITS.diagnosticLines);
  }

  #drop(count: number): void {
    for (const line of this.#lines.splice(0, count)) this.room.left += line.length;
    this.#omitted += count;
  }
}
