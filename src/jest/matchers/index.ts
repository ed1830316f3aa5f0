/** All matchers, by the name under which suites call them. */
import { toMatchBootSnapshot } from "./boot-snapshot.js";
import { toBootWithin } from "./boot-within.js";
import { toDieWith } from "./die-with.js";
import { toRejectWithCode, toRejectWithKind } from "./errors.js";
import { toHappenBefore } from "./happen-before.js";
import { toPrintInOrder } from "./in-order.js";
import { toNeverPrint } from "./never.js";
import { toHaveCid, toHaveStatus, toHaveTransitions, toReachStatus } from "./status.js";
import { toPrint } from "./to-print.js";

export const matchers = {
  toBootWithin,
  toDieWith,
  toHappenBefore,
  toHaveCid,
  toHaveStatus,
  toHaveTransitions,
  toMatchBootSnapshot,
  toNeverPrint,
  toPrint,
  toPrintInOrder,
  toReachStatus,
  toRejectWithCode,
  toRejectWithKind,
};
