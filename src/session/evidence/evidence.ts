/** What is kept of a failed test: consoles, logs, configs and history of its VMs, and how to run it again. */
import { join, relative } from "node:path";
import { asciiName } from "../../artifacts/names.js";
import { claimFolder, PRIVATE_FILE } from "../../artifacts/private-files.js";
import { rerunCommand } from "../../artifacts/rerun.js";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import { describeError } from "../../base/errors.js";
import { withSlashes } from "../../base/text/slashes.js";
import type { LedgerEntry } from "./vm-ledger.js";
import { lineEnd, type OutputStream, type VirtualMachine } from "../../virtualmachine/index.js";

export interface FailedTest {
  readonly runFolder: string;
  readonly projectFolder: string;
  /** Jest's name of a group of suites, where there are several. */
  readonly project: string | undefined;
  readonly file: string;
  readonly name: string;
  /** Which of the tests of this name in its file; from 1. */
  readonly occurrence: number;
  readonly attempt: number;
  readonly errors: readonly string[];
  /** Who has to look at it, for people. */
  readonly failureClass: string;
  /** Of the device, by file name. */
  readonly deviceLogs?: ReadonlyMap<string, string | Buffer>;
  /** Made for this attempt before. */
  readonly folder: string | undefined;
}

export interface Evidence {
  /** Undefined when nothing was saved at all. */
  readonly folder: string | undefined;
  /** What could not be written, and why: `vm1.console.txt (ENOSPC: no space left on device)`. */
  readonly unsaved: readonly string[];
}

/**
 * Writes a folder that is this attempt's alone: the same name may be a row's of a table, of another block, file or project.
 * One file that cannot be written does not stop the others.
 */
export async function saveEvidence(test: FailedTest, vms: readonly LedgerEntry[]): Promise<Evidence> {
  const files = new Map<string, string | Buffer>([["failure.txt", describeFailure(test)]]);
  for (const [name, content] of test.deviceLogs ?? []) files.set(`device/${name}`, content);
  for (const { vm, machine } of vms) addVm(files, vm, machine);
  let folder: string;
  try {
    folder = test.folder ?? (await claimFolder(folderOf(test)));
  } catch (error) {
    return { folder: undefined, unsaved: [reasonOf(error)] };
  }
  const unsaved: string[] = [];
  const write = async (name: string, content: string | Buffer): Promise<void> => {
    try {
      await writeFileAtomic(join(folder, name), content, { mode: PRIVATE_FILE, folderMode: 0o700 });
    } catch (error) {
      unsaved.push(`${name} (${reasonOf(error)})`);
    }
  };
  await Promise.all([...files].map(([name, content]) => write(name, content)));
  return { folder: unsaved.length === files.size ? undefined : folder, unsaved };
}

/** Lines of the failure's message that say what was saved, and what was not. */
export function describeEvidence({ folder, unsaved }: Evidence): readonly string[] {
  if (folder === undefined) return [`Nothing was saved for this failure: ${unsaved.join(", ")}`];
  const saved = `Saved for this failure: ${shortPath(folder)}/`;
  return unsaved.length === 0 ? [saved] : [saved, `Not saved there: ${unsaved.join(", ")}`];
}

function folderOf({ runFolder, projectFolder, project, file, name, occurrence, attempt }: FailedTest): string {
  const suite = withSlashes(relative(projectFolder, file));
  const ofProject = asciiName(project === undefined ? suite : `${suite} ${project}`);
  const row = occurrence > 1 ? `-${occurrence}` : "";
  const retry = attempt > 1 ? `-attempt-${attempt}` : "";
  return join(runFolder, ofProject, `${asciiName(name)}${row}${retry}`);
}

/** Without the path that Node adds. */
function reasonOf(error: unknown): string {
  return describeError(error)
    .replace(/^Error: /, "")
    .replace(/, \w+(?: '.*)?$/s, "");
}

function addVm(files: Map<string, string | Buffer>, vm: VirtualMachine, machine: number): void {
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

function describeFailure(test: FailedTest): string {
  const { projectFolder, project, file, name, occurrence, attempt, errors, failureClass } = test;
  const path = withSlashes(relative(projectFolder, file));
  const rerun = rerunCommand(path, name, project);
  return [
    `${path} › ${name}`,
    ...(project === undefined ? [] : [`Project: ${project}`]),
    ...(occurrence === 1 ? [] : [`Of the tests of this name, in the order of the file: number ${occurrence}`]),
    ...(attempt === 1 ? [] : [`Attempt: ${attempt}`]),
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
