/** `avf report`: makes the reports of a run again from its events, also of one that was killed, and prints where they are. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { eventFiles } from "../../artifacts/read-events.js";
import { latestRunName, resultsFolder } from "../../artifacts/run-folder.js";
import { UsageError } from "../../base/errors.js";
import { summary } from "../../reporter/html/page.js";
import { shortPath, writeReports } from "../../reporter/reports.js";
import { parseCommandLine } from "../command-line.js";
import { run as merge } from "../merge/report-merge.js";

export async function run(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === "merge") return merge(rest);
  const { positionals } = parseCommandLine("report", args, { least: 0, most: 1 });
  const folder = findRun(positionals[0] ?? "latest");
  const { run, files, problems } = writeReports(folder);
  process.stdout.write(`${run.name}: ${summary(run)}${run.cutShort ? " (cut short)" : ""}\n`);
  for (const file of files) process.stdout.write(`${shortPath(join(folder, file))}\n`);
  for (const problem of problems) process.stderr.write(`avf: ${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

/** A folder, or the name of one in the results folder. */
function findRun(name: string): string {
  const results = resultsFolder(process.cwd());
  // A user may have something of that name.
  const newest = name === "latest" ? latestRunName(results) : undefined;
  const found = [resolve(name), join(results, name), ...(newest === undefined ? [] : [join(results, newest)])].find(
    (path) => existsSync(path) && statSync(path).isDirectory() && eventFiles(path).length > 0,
  );
  if (found !== undefined) return found;
  const runs = existsSync(results) ? readdirSync(results).filter((entry) => /^\d{8}-/.test(entry)) : [];
  const known = runs.sort().slice(-5).join(", ");
  throw new UsageError("NO_SUCH_RUN", `There is no run "${name}" in ${shortPath(results)}/.`, {
    hint: known === "" ? "run suites first: npx avf test" : `avf report RUN, with one of ${known}`,
  });
}
