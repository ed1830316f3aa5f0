/** `avf history`: what past runs tell of tests, or several history files made into one. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../base/errors.js";
import { historyFile, joinHistories, readHistory, summarize } from "../../history/index.js";
import { shortPath } from "../../reporter/reports.js";
import { parseCommandLine } from "../command-line.js";
import { summaryLines } from "./summary-lines.js";

const LAST_RUNS = 50;

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine("history", args, { least: 0, most: Infinity });
  const files = filesOf(positionals);
  if (values.out !== undefined) {
    const out = resolve(values.out);
    joinHistories(out, files);
    process.stdout.write(`${shortPath(out)}\n`);
    return 0;
  }
  const summary = summarize(readHistory(files), parseRuns(values.runs));
  const lines = values.json === true ? [JSON.stringify(summary)] : summaryLines(summary);
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

function filesOf(named: readonly string[]): readonly string[] {
  const kept = historyFile(process.cwd());
  const files = named.length > 0 ? named.map((name) => resolve(name)) : kept === undefined ? [] : [kept];
  const [first] = files;
  if (first === undefined) {
    throw new UsageError("BAD_ARGUMENTS", "No history is kept here: AVF_HISTORY is not set.", {
      hint: "name the file that runs add to (AVF_HISTORY=avf-history.jsonl npx jest), or give it: avf history FILE",
    });
  }
  const missing = files.find(isMissing);
  if (missing === undefined) return files;
  throw new UsageError("BAD_ARGUMENTS", `There is no history ${shortPath(missing)}.`, {
    hint: "a run with AVF_HISTORY makes it, as soon as a test has run",
  });
}

/** Not one that only somebody else may look at. */
function isMissing(file: string): boolean {
  try {
    statSync(file);
    return false;
  } catch (error) {
    return ["ENOENT", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "");
  }
}

function parseRuns(runs: string | undefined): number {
  if (runs === undefined) return LAST_RUNS;
  if (/^[1-9]\d{0,5}$/.test(runs)) return Number(runs);
  throw new UsageError("BAD_OPTION", `avf history --runs takes a number of runs, not "${runs}".`);
}
