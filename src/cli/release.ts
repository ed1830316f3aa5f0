/** `avf release [ID]`: ends the hold of a failed test (AVF_HOLD), so that its run goes on. */
import { parseArgs } from "node:util";
import { listHolds, releaseHold, type HoldRecord } from "../artifacts/hold-records.js";
import { UsageError } from "../base/errors.js";

export async function run(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    options: { all: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const holds = listHolds();
  for (const hold of values.all ? holds : [chooseHold(holds, positionals[0])]) {
    releaseHold(hold.id);
    process.stdout.write(`released ${describe(hold)}\n`);
  }
  return 0;
}

/** By its id, or the name of its device. */
function chooseHold(holds: readonly HoldRecord[], wanted: string | undefined): HoldRecord {
  const fitting = holds.filter(
    ({ id, device, serial }) => wanted === undefined || [id, device, serial].includes(wanted),
  );
  const [hold] = fitting;
  if (hold !== undefined && fitting.length === 1) return hold;
  const list = holds.map((each) => `  ${each.id}  ${describe(each)}`).join("\n");
  throw new UsageError("WHICH_HOLD", holds.length === 0 ? "Nothing is held." : `Which one?\n${list}`, {
    hint: holds.length === 0 ? "AVF_HOLD=10m npx jest holds tests that fail" : "npx avf release ID, or --all",
  });
}

function describe({ test, device, serial }: HoldRecord): string {
  return `"${test}" on ${device ?? serial}`;
}
