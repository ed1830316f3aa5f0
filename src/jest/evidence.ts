/** What is kept of a failed test: consoles, logs, configs and history of its VMs, and how to run it again. */
import { join, relative } from "node:path";
import { asciiName } from "../artifacts/names.js";
import { rerunCommand } from "../artifacts/rerun.js";
import { writeFileAtomic } from "../base/atomic-file.js";
import type { LedgerEntry } from "../fixtures/vm-ledger.js";
import { lineEnd, type OutputStream, type VirtualMachine } from "../virtualmachine/index.js";

export interface FailedTest {
  readonly runFolder: string;
  readonly projectFolder: string;
  readonly file: string;
  readonly name: string;
  readonly attempt: number;
  readonly errors: readonly string[];
  /** Who has to look at it, for people. */
  readonly failureClass: string;
  /** Of the device, by file name. */
  readonly deviceLogs?: ReadonlyMap<string, string>;
}

/** Writes the test's folder and returns it. One file that cannot be written does not stop the others. */
export async function saveEvidence(test: FailedTest, vms: readonly LedgerEntry[]): Promise<string> {
  const suite = asciiName(relative(test.projectFolder, test.file).replaceAll("/", "-"));
  const retry = test.attempt > 1 ? `-attempt-${test.attempt}` : "";
  const folder = join(test.runFolder, suite, `${asciiName(test.name)}${retry}`);
  const logs = [...(test.deviceLogs ?? [])].map(([name, text]) => [`device/${name}`, text] as const);
  await Promise.allSettled(logs.map(([name, text]) => writeFileAtomic(join(folder, name), text)));
  const files = new Map([["failure.txt", describeFailure(test)]]);
  for (const { vm, machine } of vms) addVm(files, vm, machine);
  await Promise.allSettled([...files].map(([name, text]) => writeFileAtomic(join(folder, name), text)));
  return folder;
}

function addVm(files: Map<string, string>, vm: VirtualMachine, machine: number): void {
  const plain = asciiName(vm.getName());
  const name = files.has(`${plain}.history.txt`) ? `${plain}-${machine}` : plain;
  for (const stream of ["console", "log"] as const) files.set(`${name}.${stream}.txt`, outputText(vm, stream));
  files.set(`${name}.config.json`, `${JSON.stringify(vm.getConfig().fields, undefined, 2)}\n`);
  files.set(`${name}.history.txt`, historyText(vm));
}

function outputText(vm: VirtualMachine, stream: OutputStream): string {
  const dropped = vm.output.droppedLines(stream);
  const head = dropped > 0 ? `(${dropped} earlier lines were dropped)\n` : "";
  const pending = vm.output.pending(stream);
  const lines = vm.output.lines(stream).map((line) => line.text + lineEnd(line));
  return `${head}${lines.join("")}${pending === "" ? "" : `${pending}\n`}`;
}

/** Transitions and events on one clock, in milliseconds since the first. */
function historyText(vm: VirtualMachine): string {
  const transitions = vm.transitions.map(({ atMs, run, status, cause }) => ({
    atMs,
    text: `run ${run}  status ${status}  ${JSON.stringify(cause)}`,
  }));
  const events = vm.events.history.map(({ atMs, run, event }) => ({
    atMs,
    text: `run ${run}  ${JSON.stringify(event)}`,
  }));
  const all = [...transitions, ...events].sort((a, b) => a.atMs - b.atMs);
  const start = all[0]?.atMs ?? 0;
  return all.map(({ atMs, text }) => `${(atMs - start).toFixed(1).padStart(10)} ms  ${text}\n`).join("");
}

function describeFailure({ projectFolder, file, name, errors, failureClass }: FailedTest): string {
  const path = relative(projectFolder, file);
  const rerun = rerunCommand(path, name);
  return [
    `${path} › ${name}`,
    `Failure class: ${failureClass}`,
    "",
    ...errors.flatMap((error) => [error, ""]),
    "Run it again:",
    `  ${rerun}`,
    "",
  ].join("\n");
}

/** For messages: a path as short as it can be written where the run was started. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
