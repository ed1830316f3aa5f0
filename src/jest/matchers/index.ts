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
};
