import { describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    for (const cause of [{ numFailedTestSuites: 1 }, { wasInterrupted: true }, { snapshot: { failure: true } }]) {
      expect(lineOf({ ...green, ...cause })).toBe("Tests: 7 passed, 1 failed, 0 skipped");
    }
  });

  test("comes last, after all that Jest itself prints, once", async () => {
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
      const child = spawnSync(process.execPath, argv, { cwd: folder, stdio: ["ignore", output, output] });
      closeSync(output);
      const text = await readFile(join(folder, "output"), "utf8");
      expect(child.status).toBe(1);
      expect(text).toContain("Ran all test suites");
      expect(text).toMatch(/\nTests: 1 passed, 1 failed, 2 skipped\n$/);
      expect(text.match(/^Tests: \d/gm)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
