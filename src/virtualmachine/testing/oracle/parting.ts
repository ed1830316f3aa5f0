import type { AndroidRelease } from "../../../base/android-release.js";
import type { Answer, OracleCase } from "./cases.js";

/** Where two answers to one case part. */
export interface Parting {
  /** Of the first value that differs, e.g. `steps.3.message`. */
  readonly path: string;
  readonly theirs: unknown;
  readonly ours: unknown;
  readonly given: OracleCase;
  readonly release: AndroidRelease;
  readonly answers: { readonly theirs: Answer; readonly ours: Answer };
}
