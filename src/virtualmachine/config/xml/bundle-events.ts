/** The parts of a document one after the other, as Android's pull parser gives them. */
import { BundleFormatError } from "./bundle-format-error.js";
import type { XmlEvent } from "../../../xml/index.js";

export type StartEvent = Extract<XmlEvent, { kind: "start" }>;
type BundleEvent = Exclude<XmlEvent, { kind: "error" }>;

export class EventReader {
  /** How many elements are open; at the end of one it still is. */
  depth = 0;
  #at = -1;

  constructor(private readonly events: readonly XmlEvent[]) {}

  /** At the end of a document with elements that are still open. */
  get isUnclosed(): boolean {
    const event = this.events[this.#at];
    return event?.kind === "error" && event.unclosed === true;
  }

  /** Where the reader is; undefined at the end of the document. */
  get event(): BundleEvent | undefined {
    const event = this.events[this.#at];
    if (this.isUnclosed) return undefined;
    if (event?.kind === "error") throw new BundleFormatError(event.error.message, { cause: event.error });
    return event;
  }

  /** Of the element whose start or end the reader is at. */
  get tag(): string {
    const { event } = this;
    return event && event.kind !== "text" ? event.name : "";
  }

  /** @throws BundleFormatError where the document is not well-formed */
  next(): BundleEvent | undefined {
    if (this.events[this.#at]?.kind === "end") this.depth--;
    this.#at++;
    const { event } = this;
    if (event?.kind === "start") this.depth++;
    return event;
  }
}
