/** All matchers, by the name under which suites call them. */
import { toMatchBootSnapshot } from "./boot/boot-snapshot.js";
import { toBootWithin } from "./boot/boot-within.js";
import { toDieWith } from "./die-with.js";
import { toRejectWithCode, toRejectWithKind } from "./errors.js";
import { toHappenBefore } from "./happen-before.js";
import { toPrintInOrder } from "./console/in-order.js";
import { toNeverPrint } from "./console/never.js";
import { toPassKtap } from "./ktap/to-pass-ktap.js";
import { toHaveCid, toHaveStatus, toHaveTransitions, toReachStatus } from "./status.js";
import { toPrint } from "./console/to-print.js";
import type { MatcherResult, MatcherThis } from "./matcher.js";
import type { AvfMatchers } from "./types.js";

/** What a matcher must be to keep what its type promises to suites. */
type Implementation<Call extends (...args: never[]) => unknown> = (
  this: MatcherThis,
  received: unknown,
  ...args: Parameters<Call>
) => ReturnType<Call> extends Promise<void> ? Promise<MatcherResult> : MatcherResult;

export const matchers = {
  toBootWithin,
  toDieWith,
  toHappenBefore,
  toHaveCid,
  toHaveStatus,
  toHaveTransitions,
  toMatchBootSnapshot,
  toNeverPrint,
  toPassKtap,
  toPrint,
  toPrintInOrder,
  toReachStatus,
  toRejectWithCode,
  toRejectWithKind,
} satisfies { readonly [Name in keyof AvfMatchers]: Implementation<AvfMatchers[Name]> };
