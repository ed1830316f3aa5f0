/** A project of its own that uses this package as others do, and a Jest that runs it on a device of its own. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");
/** For a run that hangs: what it waits for has deadlines of its own, and other devices of this machine make it slow. */
const TIMEOUT_MS = 580_000;
/** Variables set by the outer run, or by its terminal. */
const OF_THE_RUN_AROUND = ["FORCE_COLOR", "CI", "GITHUB_ACTIONS", "AVF_RUN_FOLDER", "AVF_HOLD"];

export const FIXTURE_APK = join(root, "fixtures", "MicrodroidTestApp.apk");

export interface ChildRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Writes the files, runs all suites among them, passes the outcome and the folder to `use` (results are in `out`), and removes
 * everything.
 * @param options `testEnvironmentOptions`
 * @param program what Node runs, with its arguments
 */
export function runChildProject<T>(
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, unknown>>,
  use: (run: ChildRun, folder: string) => T,
  program: readonly string[] = [createRequire(join(root, "package.json")).resolve("jest/bin/jest"), "--runInBand"],
): T {
  const folder = mkdtempSync(join(tmpdir(), "avf-child-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "jest-avf"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const jest = { preset: "jest-avf", testEnvironmentOptions: options };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ jest }));
    const env: NodeJS.ProcessEnv = { ...process.env, AVF_OUT: join(folder, "out"), NO_COLOR: "1" };
    for (const name of OF_THE_RUN_AROUND) delete env[name];
    const run = spawnSync(process.execPath, program, { cwd: folder, encoding: "utf8", env, timeout: TIMEOUT_MS });
    return use({ status: run.status, stdout: run.stdout, stderr: run.stderr }, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
