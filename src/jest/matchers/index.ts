/** All matchers, by the name under which suites call them. */
import { toRejectWithCode } from "./errors.js";
import { toHaveCid, toHaveStatus, toHaveTransitions, toReachStatus } from "./status.js";
import { toPrint } from "./to-print.js";

export const matchers = { toHaveCid, toHaveStatus, toHaveTransitions, toPrint, toReachStatus, toRejectWithCode };
