/** Types of our matchers, for `@jest/globals` and for `@types/jest`. */
import type { FailureKind } from "../../base/errors.js";
import type { Moment, Patience, Status } from "../../virtualmachine/index.js";
import type { BootSnapshotOptions } from "./boot/boot-snapshot.js";
import type { BootLimits } from "./boot/boot-within.js";
import type { DeathReasonName } from "./die-with.js";
import type { ErrorCode } from "../../base/error-codes.js";
import type { HappenBeforeOptions } from "./happen-before.js";
import type { PrintInOrderOptions } from "./console/in-order.js";
import type { NeverOptions } from "./console/never.js";
import type { KtapOptions } from "./ktap/to-pass-ktap.js";
import type { ReachOptions } from "./status.js";
import type { PrintOptions } from "./console/to-print.js";

/** What `expect.stringMatching(…)`, `expect.any(…)` and the like return. */
interface AsymmetricMatch {
  asymmetricMatch(other: unknown): boolean;
}

export interface AvfMatchers {
  /**
   * That the VM prints a line that contains the string or matches the expression. What its latest run printed already
   * counts. Fails at once, with the last lines, when the VM can no longer be expected to: it died, panicked, stands
   * still, its device is gone. Negated: so far, or for as long as `timeoutMs` says.
   */
  toPrint(pattern: string | RegExp, options?: PrintOptions): Promise<void>;
  /** That the VM prints lines for all patterns, in this order, whatever lies between them. */
  toPrintInOrder(patterns: readonly (string | RegExp)[], options?: PrintInOrderOptions): Promise<void>;
  /** That no such line comes: in the latest run so far, or while something else runs. Fails at once. */
  toNeverPrint(pattern: string | RegExp, options?: NeverOptions): Promise<void>;
  /**
   * That the tests whose results the VM prints as KTAP (KUnit, kselftest, TAP) have passed. Waits for the end of that output
   * and fails at once when the VM dies or panics before. Reports list each of these tests.
   */
  toPassKtap(options?: KtapOptions): Promise<void>;
  /** Of a moment: that it comes before another one, of the same VM or another. Waits for both. */
  toHappenBefore(later: Moment, options?: HappenBeforeOptions): Promise<void>;
  /** That each stage of the boot is reached within so many milliseconds after the VM was started. Waits for the last. */
  toBootWithin(limits: BootLimits, options?: Patience): Promise<void>;
  /** That the VM's boot log, without times, addresses, CIDs and process ids, is that of Jest's snapshot. */
  toMatchBootSnapshot(options?: BootSnapshotOptions): Promise<void>;
  /** That the VM has this status now. */
  toHaveStatus(status: Status): Promise<void>;
  /** That the VM gets this status in time. Default time: 60 s. Negated: so far, or for as long as `timeoutMs` says. */
  toReachStatus(status: Status, options?: ReachOptions): Promise<void>;
  /**
   * That the VM ends, and with this reason: a name of Android's `STOP_REASON_*`, an expression, or an asymmetric matcher. An
   * end of its latest run already counts. Fails at once, with the last lines, when it ends with another.
   */
  toDieWith(reason: DeathReasonName | RegExp | AsymmetricMatch, options?: Patience): Promise<void>;
  /** That these are all statuses the VM went through, beginning with `STOPPED` when it was made. */
  toHaveTransitions(statuses: readonly Status[]): void;
  /** That the VM runs and has this CID; without an argument, any CID of a guest. */
  toHaveCid(cid?: unknown): void;
  /** That a promise, or a function that returns one, fails with an error of this `code`, e.g. `VM_NOT_STOPPED`. */
  toRejectWithCode(code: ErrorCode | (string & {})): Promise<void>;
  /** That it fails with an error of ours of this kind: `usage`, `vm`, `infrastructure` or `expectation`. */
  toRejectWithKind(kind: FailureKind, code?: ErrorCode | (string & {})): Promise<void>;
}

declare module "expect" {
  // The parameters must be those of the interface that is added to.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type
  interface Matchers<R extends void | Promise<void>, T = unknown> extends AvfMatchers {}
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type
    interface Matchers<R, T = {}> extends AvfMatchers {}
  }
}
