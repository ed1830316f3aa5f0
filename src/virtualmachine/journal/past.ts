import type { VmBookmark } from "../../virtualizationservice/contract.js";
import type { JournalPast } from "./journal.js";

/** What is known of a VM at a moment, as plain data. */
export interface VmPast {
  readonly name: string;
  readonly journal: JournalPast;
  /** Undefined for a VM that did not run. */
  readonly running?: VmBookmark | undefined;
}
