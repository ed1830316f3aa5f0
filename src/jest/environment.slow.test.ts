import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, SUITES } from "../session/testing/sample-suites.js";
import {
  makeProject,
  runProject,
  startProject,
  type SuiteOutcome,
  type SuiteProject,
} from "../session/testing/run-suite.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(120_000);

/** What Jest's own report says of a file. */
interface FileReport {
  readonly name: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
}

/** Leave a forward behind, where that is told or not looked for. */
const LEAKING = Object.fromEntries(
  ["warn", "off"].map((leaks) => [
    `leaks-${leaks}.test.ts`,
    `/** @jest-environment-options ${JSON.stringify({ leaks })} */\n` +
      suite(`test("leaks under ${leaks}", async ({ device }) => { await device.forward("tcp:80"); });`),
  ]),
);

/** The signal of a test is what everything in it listens to. */
const BUSY = {
  "busy.test.ts": suite(`
    const listen = (signal: AbortSignal): void => {
      for (let count = 0; count < 20; count++) signal.addEventListener("abort", () => undefined);
    };
    const busy = test.extend({
      thing: async ({ signal }, use) => {
        listen(signal);
        await use(1);
      },
    });
    busy("twenty listen to the signal of a test", ({ signal, thing }) => listen(signal));`),
};

describe("suites", () => {
  let project: SuiteProject;
  let outcome: SuiteOutcome;
  let reports: readonly FileReport[];

  // All in one run, for a run costs more than its tests.
  beforeAll(async () => {
    project = makeProject(
      { ...SUITES, ...LEAKING, ...BUSY },
      { args: ["--runInBand", "--json", "--outputFile=report.json"] },
    );
    outcome = await runProject(project);
    const report = readFileSync(join(project.folder, "report.json"), "utf8");
    reports = (JSON.parse(report) as { testResults: readonly FileReport[] }).testResults;
  });
  afterAll(() => project.remove());

  /** Status of each test of a file, by title, and what Jest printed of its failures. */
  function reportOf(file: string): { readonly statuses: Readonly<Record<string, string>>; readonly message: string } {
    const report = reports.find(({ name }) => name.endsWith(`/${file}.test.ts`));
    if (report === undefined) throw new Error(`no report of ${file} in:\n${outcome.output}`);
    const statuses = report.assertionResults.map(({ title, status }) => [title, status] as const);
    return { statuses: Object.fromEntries(statuses), message: report.message };
  }

  test("run as the documentation shows it", () => {
    expect(reportOf("documented")).toEqual({
      statuses: { "vm1 and vm2 greet from their own machines": "passed" },
      message: "",
    });
  });

  test("get fixtures by stage, extended, overridden, by table, and in hooks", () => {
    const { statuses, message } = reportOf("stages");
    expect(message).toBe("");
    const { "not now": skipped, later, ...others } = statuses;
    expect([skipped, later]).toEqual(["pending", "todo"]);
    expect(new Set(Object.values(others))).toEqual(new Set(["passed"]));
    expect(Object.keys(others)).toHaveLength(11);
  });

  test("may listen to a test's signal as often as they like", () => {
    expect(reportOf("busy").statuses).toEqual({ "twenty listen to the signal of a test": "passed" });
    expect(outcome.output).not.toContain("MaxListenersExceededWarning");
  });

  test("get errors with codes from either realm", () => {
    const { statuses, message } = reportOf("codes");
    expect(statuses).toEqual({ codes: "passed", "a wrong code": "failed", "no failure": "failed" });
    expect(message).toContain("It failed with code VM_NOT_RUNNING:");
    expect(message).toContain('It did not fail; it gave "STOPPED".');
  });

  test("fail a wait at once when the VM dies, with its last lines, and save evidence", () => {
    const { message } = reportOf("death");
    expect(message).toMatch(
      /The kernel of VM "vm1" panicked .* after start and died \(CRASH\), while waiting for its output to show \/Hello\//,
    );
    expect(message).toContain("Kernel panic - not syncing");
    expect(message).toMatch(/> \d+ \|\s+await expect\(vm\)\.toPrint/);
    expect(message).toMatch(/Saved for this failure: \S+prints\/$/m);
    const console = "init: loading assets/panic.json\nKernel panic - not syncing\n";
    expect(project.evidence("prints/vm1.console.txt")).toBe(console);
    expect(project.evidence("prints/vm1.config.json")).toContain('"payloadConfigPath": "assets/panic.json"');
    expect(project.evidence("prints/vm1.history.txt")).toMatch(/status STOPPED.*CRASH/);
    expect(project.evidence("prints/failure.txt")).toContain("npx jest death.test.ts -t '^prints$'");
  });

  test("say on a timeout what the test was doing; its body does not run into the next test", () => {
    const { statuses, message } = reportOf("timeout");
    expect(message).toContain("Exceeded timeout of 300 ms");
    expect(message).toContain('It was waiting for VM "slow" to print "never".');
    expect(statuses).toEqual({ "waits too long": "failed", "is alone": "passed" });
  });

  test("say on a timeout which call of a VM or of the device was open", () => {
    const { message } = reportOf("open-call");
    expect(message).toContain('It was waiting in connectVsock(9999, { retryUntilMs: 60000 }) of VM "deaf".');
    expect(message).toContain('It was waiting in waitUntil("ready") of VM "deaf".');
    expect(message).toContain('It was waiting in device.exec(["hang", "for ever"]).');
    expect(message).toMatch(/failed to connect to vsock port 9999: nothing in VM "deaf" listens there/);
    expect(message).not.toContain("left behind");
  });

  test("name a fixture whose setup hangs, and keep the first error before those of teardowns", () => {
    const { message } = reportOf("fixtures");
    expect(message).toContain('It was setting up fixture "stuck".');
    expect(message).toMatch(/● fails twice\s+the body failed first 1[^]*● fails twice\s+teardown failed too/);
  });

  test("continue after a hook that failed", () => {
    const { statuses, message } = reportOf("hooks");
    expect(message).toContain("hook failed");
    expect(statuses).toEqual({ "never runs": "failed", runs: "passed" });
  });

  test("with a fixture that does not exist fail before anything runs", () => {
    expect(reportOf("typo").message).toContain('There is no fixture "vnm", which test "typo" asks for.');
  });

  test("may use names again in a retry, and each attempt keeps its evidence", () => {
    expect(reportOf("retry").statuses).toEqual({ flaky: "passed" });
    expect(project.evidence("flaky/vm1.console.txt")).toContain("Hello");
  });

  test("leave nothing: what they made is stopped and deleted", () => {
    const closings = project.closings();
    // Three of the files never ask for the device.
    expect(closings).toHaveLength(Object.keys({ ...SUITES, ...LEAKING, ...BUSY }).length - 3);
    expect(closings.filter(({ running, left }) => running > 0 || left.length > 0)).toEqual([]);
    expect(closings.map(({ started }) => started).reduce((a, b) => a + b)).toBe(13);
  });

  test("report leaks without failing if configured so, and none if the check is off", () => {
    expect(reportOf("leaks-warn").statuses).toEqual({ "leaks under warn": "passed" });
    expect(outcome.output).toContain('avf: "leaks under warn" left behind, removed since:\n  forward from');
    expect(reportOf("leaks-off").statuses).toEqual({ "leaks under off": "passed" });
    expect(outcome.output).not.toContain('"leaks under off" left behind');
  });

  test("that fail make the run fail, and a file that cannot run counts", () => {
    expect(outcome.exitCode).toBe(1);
    expect(outcome.output).toMatch(/^Tests: \d+ passed, 12 failed, 2 skipped$/m);
  });
});

describe("a run", () => {
  let project: SuiteProject | undefined;
  afterEach(() => project?.remove());

  async function runFiles(
    files: Readonly<Record<string, string>>,
    options: Parameters<typeof makeProject>[1] = {},
  ): Promise<SuiteOutcome> {
    project = makeProject(files, { args: ["--runInBand"], ...options });
    return runProject(project);
  }

  test("with an option that does not exist names it", async () => {
    const { exitCode, output } = await runFiles(
      { "suite.test.ts": suite(`test("x", () => undefined);`) },
      { config: { testEnvironmentOptions: { apk: ["a.apk"] } } },
    );
    expect(exitCode).toBe(1);
    expect(output).toContain("testEnvironmentOptions.apk is not known.");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("that gets %s ends with exit code %d, whatever a test waits for", async (signal, exitCode) => {
    project = makeProject(
      {
        "suite.test.ts": suite(`
          import { writeFileSync } from "node:fs";
          test("waits", async ({ runningVm }) => { writeFileSync("running", ""); await expect(runningVm).toPrint("never"); });`),
      },
      { args: ["--runInBand"] },
    );
    const { folder } = project;
    const child = startProject(project);
    await child.until("the test to begin", () => existsSync(join(folder, "running")));
    child.kill(signal);
    expect((await child.ended).exitCode).toBe(exitCode);
    expect(child.output()).toContain(`avf: ${signal} ended the run at "waits" of suite.test.ts; its VMs are ended`);
  });

  test("whose reader goes away (npx jest 2>&1 | head) ends as by a signal, in order", async () => {
    project = makeProject(
      {
        "suite.test.ts": suite(`
          test("talks", async ({ runningVm }) => {
            for (;;) {
              console.log("a line");
              await new Promise((resolve) => setTimeout(resolve, 20));
            }
          });`),
      },
      { args: ["--runInBand", "--verbose"] },
    );
    const child = startProject(project);
    await child.until("a line", () => child.output().includes("a line"));
    child.child.stdout?.destroy();
    child.child.stderr?.destroy();
    expect((await child.ended).exitCode).toBe(141);
    expect(project.events().filter(({ kind }) => kind === "interrupted")).toEqual([
      expect.objectContaining({ signal: "SIGPIPE", test: "talks" }),
    ]);
  });

  test("whose worker crashes is run again by Jest, on names that are free", async () => {
    const { exitCode, output } = await runFiles(
      {
        "crash.test.ts": suite(`
          import { existsSync, writeFileSync } from "node:fs";
          test("crashes once", async ({ runningVm }) => {
            await expect(runningVm).toPrint("Hello");
            if (existsSync("crashed")) return;
            writeFileSync("crashed", "");
            process.exit(1);
          });`),
        "other.test.ts": suite(`test("passes", async ({ runningVm }) => { expect(runningVm).toHaveCid(); });`),
      },
      { args: ["-w", "2"], config: { workerIdleMemoryLimit: "1GB" } },
    );
    expect(output).toMatch(/^Tests: 2 passed, 0 failed, 0 skipped$/m);
    expect(exitCode).toBe(0);
    expect(output).not.toContain("failed to exit gracefully");
    expect(output).toMatch(
      /avf: process \d+ died in test "crashes once" of \S+crash\.test\.ts; .* Jest runs the file again\./,
    );
  });

  test("whose worker is killed says in which test that was", async () => {
    const { exitCode, output } = await runFiles(
      {
        "killed.test.ts": suite(`test("is killed", () => process.kill(process.pid, "SIGKILL"));`),
        "other.test.ts": suite(`test("passes", () => undefined);`),
      },
      { args: ["-w", "2"], config: { workerIdleMemoryLimit: "1GB" } },
    );
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /avf: process \d+ died in test "is killed" of \S+killed\.test\.ts; its device and VMs went with it\./,
    );
    const died = project?.events().find(({ kind }) => kind === "worker-died");
    expect(died).toMatchObject({ kind: "worker-died", test: "is killed" });
  });

  test("without our environment gets an error that says what to configure", async () => {
    const { exitCode, output } = await runFiles(
      { "suite.test.js": 'const { test } = require("jest-avf");\ntest("x", () => undefined);\n' },
      { config: { preset: undefined, testEnvironmentOptions: {} } },
    );
    expect(exitCode).toBe(1);
    expect(output).toContain('set `preset: "jest-avf"`');
  });
});
