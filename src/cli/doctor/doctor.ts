/** `avf doctor`: what is there, what is missing, the command that fixes it. Exit code 1 when a run would fail. */
import pc from "picocolors";
import { printableLine } from "../../base/printable.js";
import { requireResultsFolder } from "../../artifacts/run-folder.js";
import { historyFile, requireHistory } from "../../history/index.js";
import { attempt, diagnose, type Finding } from "../../emulator/doctor.js";
import { parseCommandLine } from "../command-line.js";
import { findingsOfDevices, namesDevices } from "./doctor-devices.js";
import { diagnosePhonesOnly, mayEmulate } from "./doctor-phones.js";
import { explainSuite } from "./doctor-why.js";
import { columnsOf, wrap } from "../help.js";

const MARKS: Readonly<Record<Finding["state"], string>> = {
  ok: pc.green("✓"),
  missing: pc.yellow("○"),
  failed: pc.red("✗"),
  note: pc.dim("·"),
};

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseCommandLine("doctor", args, { least: 0, most: 0 });
  if (values.why !== undefined) return explainSuite(values.why, values.json ?? false);
  const results = (): string => requireResultsFolder(process.cwd());
  const ofHost = mayEmulate() ? await diagnose(results, !namesDevices()) : await diagnosePhonesOnly(results);
  const ofDevices = await findingsOfDevices();
  const findings = [...ofHost, ...(await findingsOfHistory()), ...ofDevices];
  const failed = findings.some((finding) => finding.state === "failed");
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ok: !failed, findings }, undefined, 2)}\n`);
    return failed ? 1 : 0;
  }
  const width = Math.max(...findings.map((finding) => finding.name.length));
  for (const { name, state, detail: told } of findings) {
    const detail = printableLine(told);
    const first = `${name.padEnd(width)}  `;
    // In a pipe a finding is a line, for those who search.
    const text = process.stdout.isTTY
      ? wrap(detail, first, " ".repeat(width + 4), columnsOf(process.stdout) - 2)
      : first + detail;
    process.stdout.write(`${MARKS[state]} ${text}\n`);
  }
  const wanted = failed ? "failed" : "missing";
  // A fix for one of several devices names it; a command that fixes many findings is printed once.
  const fixes = new Set(
    findings.flatMap((finding) => {
      const { name, state, fix } = finding;
      if (state !== wanted || fix === undefined) return [];
      return [ofDevices.includes(finding) && name !== "lab" && fix !== "npx avf setup" ? `${name}: ${fix}` : fix];
    }),
  );
  if (failed) process.stdout.write(`\nA run would fail. To fix it:\n`);
  else if (fixes.size > 0) process.stdout.write(`\nA run makes what is missing (○). By hand:\n`);
  else process.stdout.write(`\nEverything is there.\n`);
  for (const fix of fixes) process.stdout.write(`  ${fix}\n`);
  return failed ? 1 : 0;
}

async function findingsOfHistory(): Promise<readonly Finding[]> {
  const path = historyFile(process.cwd());
  return path === undefined ? [] : [await attempt("history", () => requireHistory(path))];
}
