/** `avf doctor --why SUITE`: what a suite requires, and what each device has. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import pc from "picocolors";
import { UsageError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { withSlashes } from "../../base/text/slashes.js";
import { openAdbDevice } from "../../device/index.js";
import { releaseFromEnvironment } from "../../emulator/index.js";
import {
  deviceFacts,
  evaluateRequirements,
  requirementsInSource,
  type Requirement,
  type RequirementAnswer,
} from "../../lab/requirements/index.js";
import { emulatedDevices } from "../../lab/sources/emulated-source.js";
import { openVirtualizationService } from "../../virtualizationservice/index.js";
import { onInterrupt } from "../interrupt.js";
import { showProgress } from "../progress.js";
import { knownDevices, type KnownDevice } from "../device/which-devices.js";

const SUITE = /\.(test|spec)\.[cm]?[jt]sx?$/;
const LEFT_OUT = new Set(["node_modules", ".git", "dist", "avf-results"]);

/** Requirements of the whole file, or of one call in it. */
interface Part {
  /** 0: all tests of the file. */
  readonly line: number;
  readonly requirements: readonly Requirement[];
}

interface DeviceAnswers {
  readonly device: string;
  readonly parts: readonly { readonly line: number; readonly answers: readonly RequirementAnswer[] }[];
}

/** Exit code 1 when no device has what all tests of the file require. */
export async function explainSuite(wanted: string, json: boolean): Promise<number> {
  const path = findSuite(process.cwd(), wanted);
  const { file, calls } = requirementsInSource(readFileSync(path, "utf8"));
  const parts: readonly Part[] = [{ line: 0, requirements: file }, ...calls];
  const answers = await askDevices(parts.filter(({ requirements }) => requirements.length > 0));
  const fits = answers.some((each) => met(each, 0));
  const suite = relative(process.cwd(), path);
  if (json) process.stdout.write(`${JSON.stringify({ ok: fits, suite, devices: answers }, undefined, 2)}\n`);
  else process.stdout.write(describe(suite, answers));
  return fits ? 0 : 1;
}

function met({ parts }: DeviceAnswers, line: number): boolean {
  return parts.filter((part) => part.line === line).every(({ answers }) => answers.every((answer) => answer.met));
}

async function askDevices(parts: readonly Part[]): Promise<readonly DeviceAnswers[]> {
  const known = await knownDevices();
  if (known.length > 0) return Promise.all(known.map((device) => askDevice(device, parts)));
  const progress = showProgress();
  const interrupt = onInterrupt();
  const started = await emulatedDevices({ release: releaseFromEnvironment() }, progress).acquire(interrupt.signal);
  try {
    progress.done();
    return [await askDevice({ serial: started.serial, label: started.description }, parts)];
  } finally {
    await started.release();
    interrupt.dispose();
  }
}

async function askDevice({ serial, label }: KnownDevice, parts: readonly Part[]): Promise<DeviceAnswers> {
  await using device = await openAdbDevice(serial);
  const facts = deviceFacts(device, await openVirtualizationService(device));
  const answered = [];
  for (const { line, requirements } of parts) {
    answered.push({ line, answers: await evaluateRequirements(requirements, facts) });
  }
  return { device: label, parts: answered };
}

function describe(suite: string, devices: readonly DeviceAnswers[]): string {
  if (devices.every(({ parts }) => parts.length === 0)) {
    return `${suite} requires nothing: its tests run on any device.\n`;
  }
  return devices.map((device) => `${describeDevice(suite, device)}\n`).join("\n");
}

function describeDevice(suite: string, answered: DeviceAnswers): string {
  const { device, parts } = answered;
  const verdict = (line: number): string => (met(answered, line) && met(answered, 0) ? "runs" : "is skipped");
  return parts
    .flatMap(({ line, answers }) => {
      const what = line === 0 ? `${suite} ${verdict(0)} on ${device}` : `  what line ${line} declares ${verdict(line)}`;
      return [
        line === 0 || parts[0]?.line === 0 ? what : `${what.trimStart()} on ${device}`,
        ...answers.flatMap(describeAnswer),
      ];
    })
    .join("\n");
}

function describeAnswer({ requirement, met: isMet, observed, shownBy }: RequirementAnswer): readonly string[] {
  const mark = isMet ? pc.green("✓") : pc.red("✗");
  const line = `  ${mark} ${requirement}: ${printableLine(observed)}`;
  return isMet ? [line] : [line, pc.dim(`      ${shownBy}`)];
}

/** A path, or a part of the path of just one suite below the folder. */
function findSuite(folder: string, wanted: string): string {
  if (existsSync(wanted) && statSync(wanted).isFile()) return wanted;
  const suites = suitesBelow(folder).filter((path) =>
    withSlashes(relative(folder, path)).includes(withSlashes(wanted)),
  );
  const [only] = suites;
  if (only !== undefined && suites.length === 1) return only;
  const names = suites.slice(0, 10).map((path) => `\n  ${relative(folder, path)}`);
  throw new UsageError(
    "WHICH_SUITE",
    `${suites.length === 0 ? "No" : "More than one"} suite has "${wanted}" in its path.`,
    {
      hint: suites.length === 0 ? "give the path of a file *.test.ts or *.test.js" : `one of these:${names.join("")}`,
    },
  );
}

function suitesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : suitesBelow(path);
    return SUITE.test(entry.name) ? [path] : [];
  });
}
