import { describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUN_FOLDER_VARIABLE } from "../artifacts/run-folder.js";
import { closingCounts, closingLine, type RunCounts } from "./closing-line.js";

const green: RunCounts = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  numFailedTestSuites: 0,
  wasInterrupted: false,
  snapshot: { failure: false },
};

const lineOf = (results: RunCounts): string => closingLine(closingCounts(results));

describe("closing line", () => {
  test("counts passed, failed and skipped tests", () => {
    expect(lineOf({ ...green, numFailedTests: 2, numPendingTests: 3, numTodoTests: 1 })).toBe(
      "Tests: 7 passed, 2 failed, 4 skipped",
    );
  });

  test("a file that could not run is a failure", () => {
    expect(lineOf({ ...green, numPassedTests: 0, numRuntimeErrorTestSuites: 2 })).toBe(
      "Tests: 0 passed, 2 failed, 0 skipped",
    );
  });

  test("a run that failed for another reason does not look green", () => {
    const causes = [
      { numFailedTestSuites: 1 },
      { wasInterrupted: true },
      { snapshot: { failure: true } },
      // Of Jest, when the runner itself failed.
      { runExecError: { message: "no device", stack: null } },
    ];
    for (const cause of causes) {
      expect(lineOf({ ...green, ...cause })).toBe("Tests: 7 passed, 1 failed, 0 skipped");
    }
  });

  test("comes last, after all that Jest itself prints, once", async () => {
    const { status, text } = await runJest();
    expect(status).toBe(1);
    expect(text).toContain("Ran all test suites");
    expect(text).toMatch(/\nTests: 1 passed, 1 failed, 2 skipped\n$/);
    expect(text.match(/^Tests: \d/gm)).toHaveLength(1);
  });
});

test("a Jest that is started by a test adds nothing to the run of that test", async () => {
  const results = await mkdtemp(join(tmpdir(), "closing-line-"));
  try {
    const folder = join(results, `20260102-030405-${process.pid}`);
    await mkdir(folder);
    const { text } = await runJest({ [RUN_FOLDER_VARIABLE]: folder });
    expect(text).toMatch(/\nTests: 1 passed, 1 failed, 2 skipped\n$/);
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(results, { recursive: true });
  }
});

/** Of a project with four tests that has nothing of ours but the reporter. */
async function runJest(environment: NodeJS.ProcessEnv = {}): Promise<{ status: number | null; text: string }> {
  const folder = await mkdtemp(join(tmpdir(), "closing-line-"));
  try {
    await writeFile(join(folder, "a.test.js"), "test('passes', () => {}); test.todo('later');\n");
    await writeFile(join(folder, "b.test.js"), "test.skip('waits', () => {}); test('fails', () => { throw 1; });\n");
    const reporter = join(__dirname, "../../dist/reporter/jest-reporter.js");
    const config = { rootDir: folder, reporters: ["default", reporter] };
    await writeFile(join(folder, "jest.config.json"), JSON.stringify(config));
    // One file for both streams, so that their order shows.
    const output = openSync(join(folder, "output"), "w");
    const argv = [require.resolve("jest/bin/jest"), "--runInBand"];
    const env = { ...process.env, ...environment };
    const child = spawnSync(process.execPath, argv, { cwd: folder, env, stdio: ["ignore", output, output] });
    closeSync(output);
    return { status: child.status, text: await readFile(join(folder, "output"), "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
