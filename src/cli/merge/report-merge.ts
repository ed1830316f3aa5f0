/** `avf report merge`: the runs of shards, from other hosts perhaps, as one report. */
import { join, resolve } from "node:path";
import { UsageError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { summary } from "../../reporter/html/page.js";
import { mergeRuns } from "../../reporter/merge/merge-runs.js";
import { shortPath } from "../../reporter/reports.js";
import { parseCommandLine } from "../command-line.js";
import { usageOf } from "../help.js";

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine("report merge", args, { least: 1, most: Infinity });
  if (values.out === undefined) {
    throw new UsageError("BAD_ARGUMENTS", "avf report merge needs a folder for the merged report.", {
      hint: usageOf("report merge"),
    });
  }
  const out = resolve(values.out);
  const { run, files, missing, odd, problems } = mergeRuns(
    positionals.map((folder) => resolve(folder)),
    out,
  );
  const parts = run.merged?.parts.length ?? 0;
  process.stdout.write(`${parts} ${parts === 1 ? "run" : "runs"}: ${printableLine(summary(run))}\n`);
  for (const file of files) process.stdout.write(`${shortPath(join(out, file))}\n`);
  for (const note of [...missing, ...odd, ...problems]) process.stderr.write(`avf: ${printableLine(note)}\n`);
  return missing.length === 0 && problems.length === 0 ? 0 : 1;
}
