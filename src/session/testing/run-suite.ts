/** Runs Jest as a child on files made for the occasion, in a project of its own that uses this package as others do. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RunEvent } from "../../artifacts/events.js";
import { until } from "../../base/testing/until.js";
import { packageRoot } from "../../base/paths.js";
import { spawnOwned, type OwnedProcess } from "../../process/owned-process.js";
import { runUnchecked } from "../../process/run.js";
import { CLOSING_LOG } from "./memory-harness.js";

export interface SuiteProject {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly argv: readonly string[];
  /** What the harness said when it was closed, a line a test file. */
  closings(): readonly { readonly started: number; readonly running: number; readonly left: readonly string[] }[];
  /** What the run recorded, of all its processes. */
  events(): readonly RunEvent[];
  /** Text of a file below the run's results, found by the end of its path. */
  evidence(pathEnd: string): string | undefined;
  remove(): void;
}

export interface SuiteOutcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, then stderr. */
  readonly output: string;
}

const CHILD_TIMEOUT_MS = 100_000;

/** @param files content by name; `.test.ts` files are suites */
export function makeProject(
  files: Readonly<Record<string, string>>,
  {
    args = [],
    config = {},
    projects,
    options = {},
    env = {},
  }: {
    readonly args?: readonly string[];
    readonly config?: Readonly<Record<string, unknown>>;
    /** Of a root configuration: those with our preset get what a single project of this helper has. */
    readonly projects?: readonly Readonly<Record<string, unknown>>[];
    /** Added to `testEnvironmentOptions`. */
    readonly options?: Readonly<Record<string, unknown>>;
    readonly env?: NodeJS.ProcessEnv;
  } = {},
): SuiteProject {
  const folder = mkdtempSync(join(tmpdir(), "avf-suite-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(packageRoot, join(folder, "node_modules", "jest-avf"));
  const harnessModule = join(packageRoot, "dist/session/testing/memory-harness.js");
  const ours = {
    preset: "jest-avf",
    testEnvironmentOptions: { harnessModule, ...options },
    transform: { "\\.ts$": join(packageRoot, "src/jest/testing/es-module-transform.cjs") },
  };
  const jestConfig =
    projects === undefined
      ? { ...ours, testTimeout: 10_000, reporters: ["default", "jest-avf/reporter"], ...config }
      : { projects: projects.map((each) => (each["preset"] === ours.preset ? { ...ours, ...each } : each)), ...config };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ jest: jestConfig }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const log = join(folder, "closings.jsonl");
  const environment = { ...plainEnvironment(), [CLOSING_LOG]: log, AVF_OUT: join(folder, "out"), ...env };
  return {
    folder,
    environment,
    argv: [process.execPath, require.resolve("jest/bin/jest"), "--no-watchman", ...args],
    closings: () =>
      existsSync(log)
        ? (readFileSync(log, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as unknown) as ReturnType<SuiteProject["closings"]>)
        : [],
    events: () => {
      const out = join(folder, "out", "latest");
      const files = readdirSync(out).filter((name) => /^events-\d+\.jsonl$/.test(name));
      const lines = files.flatMap((name) => readFileSync(join(out, name), "utf8").trimEnd().split("\n"));
      return lines.map((line) => JSON.parse(line) as RunEvent).sort((a, b) => a.atMs - b.atMs);
    },
    evidence: (pathEnd) => {
      const out = join(folder, "out", "latest");
      const found = readdirSync(out, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith(pathEnd));
      return found === undefined ? undefined : readFileSync(join(out, found), "utf8");
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * This process's environment without what changes the words a child prints: Jest tells its workers to colour what
 * they print when the run itself is on a terminal, and a CI's marks turn on its own forms of output. `undefined`
 * takes a variable away where what is given is laid over the parent's.
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const away = ["FORCE_COLOR", "CI", "GITHUB_ACTIONS", "JEST_WORKER_ID", "AVF_RUN_FOLDER", "AVF_HOLD"];
  return { ...process.env, ...Object.fromEntries(away.map((name) => [name, undefined])), NO_COLOR: "1" };
}

/** Runs it to its end. */
export async function runProject(project: SuiteProject): Promise<SuiteOutcome> {
  const result = await runUnchecked(project.argv, {
    cwd: project.folder,
    env: project.environment,
    timeoutMs: CHILD_TIMEOUT_MS,
  });
  const { exitCode, stdout, stderr } = result;
  return { exitCode, stdout, stderr, output: `${stdout}\n${stderr}` };
}

interface StartedProject extends OwnedProcess {
  kill(signal: NodeJS.Signals): void;
  type(text: string): void;
  /** What it has printed so far. */
  output(): string;
  /** Fails with its output when it ends first. See `until`. */
  until<T>(what: string, look: () => T): Promise<Exclude<T, undefined | false>>;
}

/** Starts it and comes back at once. */
export function startProject(project: SuiteProject, argv = project.argv): StartedProject {
  const { folder, environment } = project;
  const started = spawnOwned(argv, { cwd: folder, env: environment, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [started.child.stdout, started.child.stderr]) {
    stream?.on("data", (chunk: Buffer) => (output += String(chunk)));
  }
  return {
    ...started,
    kill: (signal) => void started.child.kill(signal),
    type: (text) => void started.child.stdin?.write(text),
    output: () => output,
    until: (what, look) => {
      const hopeless = (): string | undefined =>
        started.child.exitCode === null && started.child.signalCode === null ? undefined : `Jest ended:\n${output}`;
      return until(what, look, { timeoutMs: CHILD_TIMEOUT_MS, hopeless });
    },
  };
}
