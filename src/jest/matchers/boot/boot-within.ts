/** `toBootWithin`: limits for the stages of a boot. */
import { formatMs } from "../../../base/deadline.js";
import { UsageError } from "../../../base/errors.js";
import {
  BOOT_STAGES,
  moment,
  situation,
  stageIndex,
  type BootStage,
  type Patience,
  type ReachedStage,
} from "../../../virtualmachine/index.js";
import { whileBusy } from "../../../session/calls/test-context.js";
import { hint, requireVm, type MatcherResult, type MatcherThis } from "../matcher.js";
import { checkMs, patienceOf, throwIfTestOver } from "../patience.js";

/** Milliseconds from the start of the VM until the stage is reached. Exact: not scaled by the device's slowness. */
export type BootLimits = { readonly [S in BootStage]?: number };

/** Waits for the furthest stage that has a limit, then compares them all. */
export async function toBootWithin(
  this: MatcherThis,
  received: unknown,
  limits: BootLimits,
  options: Patience = {},
): Promise<MatcherResult> {
  const vm = requireVm(received, "toBootWithin");
  const stages = checkLimits(limits);
  const patience = patienceOf("toBootWithin", options, false);
  const furthest = moment.stage(vm, stages.at(-1)!);
  const head = (): string => hint(this, "toBootWithin", JSON.stringify(limits));
  const outcome = await whileBusy(`waiting until ${String(furthest)}`, () => furthest.when(patience));
  if (outcome.kind !== "happened") {
    throwIfTestOver();
    const cause = furthest.explain(outcome);
    return { pass: false, message: () => `${head()}\n\n${cause.message}`, cause };
  }
  const rows = stages.map((stage) => compare(stage, limits[stage]!, vm.boot.stages));
  const message = (): string =>
    [head(), "", ...rows.map(({ text }) => text), ...situation(vm.control.journal)].join("\n");
  return { pass: rows.every(({ isInTime }) => isInTime), message };
}

/** A stage that the VM does not tell of was reached with the next one, at the latest. */
function compare(
  stage: BootStage,
  limitMs: number,
  reached: readonly ReachedStage[],
): { readonly isInTime: boolean; readonly text: string } {
  const entry = reached.find((one) => stageIndex(one.stage) >= stageIndex(stage));
  const afterMs = entry?.afterMs ?? Infinity;
  const isInTime = afterMs <= limitMs;
  const by = entry === undefined || entry.stage === stage ? "" : ` (not reported; "${entry.stage}" was)`;
  const text = `  ${isInTime ? "in time" : "TOO LATE"}  ${stage}: ${formatMs(afterMs)}${by}, allowed ${formatMs(limitMs)}`;
  return { isInTime, text };
}

function checkLimits(limits: unknown): readonly BootStage[] {
  const names = typeof limits === "object" && limits !== null ? Object.keys(limits) : [];
  const unknown = names.find((name) => !BOOT_STAGES.some((stage) => stage === name));
  if (names.length === 0 || unknown !== undefined) {
    const what = unknown === undefined ? "takes limits by boot stage" : `knows no boot stage "${unknown}"`;
    throw new UsageError("BAD_STAGE", `toBootWithin() ${what}; there are ${BOOT_STAGES.join(", ")}.`, {
      hint: "toBootWithin({ payload: 8_000 })",
    });
  }
  const stages = BOOT_STAGES.filter((stage) => names.includes(stage));
  for (const stage of stages) {
    const limit = (limits as BootLimits)[stage];
    if (limit === undefined) throw new UsageError("BAD_TIME", `toBootWithin(): ${stage} has no limit.`);
    checkMs("toBootWithin", stage, limit);
  }
  return stages;
}
