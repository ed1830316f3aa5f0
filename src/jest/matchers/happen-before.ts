/** `toHappenBefore`: the order of two moments, of one VM or of two. */
import { eitherSignal } from "../../base/async/shared-signal.js";
import { formatMs } from "../../base/deadline.js";
import { UsageError } from "../../base/errors.js";
import { Moment, type Happened, type Patience, type WaitEnd } from "../../virtualmachine/index.js";
import { whileBusy } from "../../session/calls/test-context.js";
import type { MatcherResult, MatcherThis } from "./matcher.js";
import { checkMs, patienceOf, throwIfTestOver, withTestSignal } from "./patience.js";

export interface HappenBeforeOptions extends Patience {
  /** The second comes at most so many milliseconds after the first. Exact. */
  readonly within?: number;
}

/** Waits until the order is decided: fails as soon as the second has happened without the first. */
export async function toHappenBefore(
  this: MatcherThis,
  received: unknown,
  later: unknown,
  options: HappenBeforeOptions = {},
): Promise<MatcherResult> {
  const first = requireMoment(received, "what expect() takes");
  const second = requireMoment(later, "its argument");
  checkMs("toHappenBefore", "within", options.within);
  const controller = new AbortController();
  const ofTest = withTestSignal(options.signal);
  const signal = ofTest ? eitherSignal(ofTest, controller.signal) : controller.signal;
  const patience = { ...patienceOf("toHappenBefore", options, false), signal };
  const what = `waiting until it is decided whether ${String(first)} before ${String(second)}`;
  try {
    const text = await whileBusy(what, () => decide(first, second, patience, options.within));
    throwIfTestOver();
    const head = this.utils.matcherHint("toHappenBefore", "moment", "moment", { isNot: this.isNot === true });
    return { pass: text.pass, cause: text.cause, message: () => `${head}\n\n${text.lines.join("\n")}` };
  } finally {
    controller.abort();
  }
}

interface Verdict {
  readonly pass: boolean;
  readonly lines: readonly string[];
  /** Why one of them can no longer be expected. */
  readonly cause?: Error;
}

async function decide(first: Moment, second: Moment, patience: Patience, within?: number): Promise<Verdict> {
  const waits = [first, second].map(async (moment) => ({ moment, outcome: await moment.when(patience) }));
  const settled = await Promise.race(waits);
  const early = first.find();
  if (early === undefined && second.find() === undefined && settled.outcome.kind !== "happened") {
    const cause = settled.moment.explain(settled.outcome);
    return { pass: false, lines: ["Neither has happened.", "", cause.message], cause };
  }
  if (early === undefined || second.find() !== undefined) return compare(first, second, within);
  const outcome = await second.when(patience);
  return outcome.kind === "happened" ? compare(first, second, within) : missing(first, second, early, outcome);
}

function missing(first: Moment, second: Moment, early: Happened, outcome: WaitEnd): Verdict {
  const start = startOf(first, second, early);
  const cause = second.explain(outcome);
  const lines = [describe(first, early, start), `${String(second)}: not at all`, "", cause.message];
  return { pass: false, lines, cause };
}

function compare(first: Moment, second: Moment, within: number | undefined): Verdict {
  const [early, late] = [first.find(), second.find()];
  const start = startOf(first, second, early ?? late);
  const lines = [describe(first, early, start), describe(second, late, start)];
  if (!early || !late) return { pass: false, lines: [...lines, "The second came, and the first had not."] };
  const gapMs = late.atMs - early.atMs;
  const isBefore = gapMs > 0 || (gapMs === 0 && (early.sequence ?? 0) < (late.sequence ?? 0));
  if (!isBefore) return { pass: false, lines: [...lines, `The order is the other way, by ${formatMs(-gapMs)}.`] };
  if (within === undefined || gapMs <= within) return { pass: true, lines };
  const tooLong = `${formatMs(gapMs)} lie between them, and ${formatMs(within)} were allowed.`;
  return { pass: false, lines: [...lines, tooLong] };
}

/** Times are shown from the start of whichever VM ran first. */
function startOf(first: Moment, second: Moment, happened: Happened | undefined): number {
  const starts = [first.runBeganMs, second.runBeganMs].filter((atMs) => atMs !== undefined);
  return starts.length > 0 ? Math.min(...starts) : (happened?.atMs ?? 0);
}

function describe(moment: Moment, happened: Happened | undefined, startMs: number): string {
  if (!happened) return `${String(moment)}: not yet`;
  return `${String(moment)}: at ${((happened.atMs - startMs) / 1000).toFixed(3)} s (${happened.evidence})`;
}

function requireMoment(value: unknown, what: string): Moment {
  if (value instanceof Moment) return value;
  throw new UsageError("NOT_A_MOMENT", `toHappenBefore(): ${what} is no moment.`, {
    hint: 'expect(moment.line(vm1, /ready/)).toHappenBefore(moment.status(vm2, "RUNNING"))',
  });
}
