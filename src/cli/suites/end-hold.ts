/** `avf end-hold`: ends the hold of a test (`AVF_HOLD`). */
import { listHolds, releaseHold, type HoldRecord } from "../../artifacts/holds/hold-records.js";
import { formatMs } from "../../base/deadline.js";
import { UsageError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { parseCommandLine } from "../command-line.js";

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine("end-hold", args, { least: 0, most: 1 });
  const holds = listHolds();
  const chosen = values.all ? holds : [choose(holds, positionals[0])].filter((hold) => hold !== undefined);
  if (chosen.length === 0) process.stdout.write("nothing is held\n");
  for (const hold of chosen) {
    releaseHold(hold.id);
    process.stdout.write(`${hold.id} ended: ${printableLine(hold.test)}\n`);
  }
  return 0;
}

/** Without an id: the only one. Undefined when nothing is held and nothing was asked for. */
function choose(holds: readonly HoldRecord[], id: string | undefined): HoldRecord | undefined {
  const [only] = holds;
  if (id === undefined && holds.length < 2) return only;
  const hold = holds.find((each) => each.id === id);
  if (hold !== undefined) return hold;
  const known = holds
    .map((each) => `\n  ${each.id}  ${printableLine(each.test)}, for another ${timeLeft(each)}`)
    .join("");
  throw new UsageError("WHICH_HOLD", id === undefined ? "Several tests are held." : `No hold has the id ${id}.`, {
    hint: known === "" ? "nothing is held" : `name one of these, or --all:${known}`,
  });
}

function timeLeft({ endsMs }: HoldRecord): string {
  return formatMs(Math.max(0, endsMs - Date.now()));
}
