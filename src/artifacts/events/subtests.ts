/** What the record has of tests that ran inside VMs. */

/** Results, as the VM printed them. A later event of the same `list` continues with it. */
export interface SubtestsEvent {
  readonly kind: "subtests";
  readonly vm: string;
  readonly run: number;
  /** Which reading of the VM's output they are of; a later reading of the same run takes the place of this one. */
  readonly list: number;
  readonly cases: readonly SubtestCase[];
  /** Of the whole list: those that are in no event, because there were too many. */
  readonly omitted: number;
}

export type SubtestStatus = "passed" | "failed" | "skipped" | "expected-failure" | "todo" | "missing";

export interface SubtestCase {
  /** From the outside to the inside. */
  readonly names: readonly string[];
  readonly status: SubtestStatus;
  readonly reason?: string;
  readonly diagnostics?: readonly string[];
}
