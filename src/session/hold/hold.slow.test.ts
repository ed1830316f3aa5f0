import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HoldRecord } from "../../artifacts/holds/hold-records.js";
import { suite } from "../testing/sample-suites.js";
import { makeProject, runProject, startProject, type SuiteProject } from "../testing/run-suite.js";
import { holdTimeMs } from "./hold-time.js";

jest.setTimeout(120_000);

/** Whose bell a terminal would ring; shown, it is SHOWN. */
const NAME = "fails\u0007";
const SHOWN = "fails\\x07";

/** Fails while its VM prints; notes what runs after the failure. Its own time is far shorter than the hold. */
const FAILING = suite(`
  import { appendFileSync } from "node:fs";
  const withEnd = test.extend<{ end: number }>({ end: async ({}, use) => { await use(1); appendFileSync("notes", "torn down\\n"); } });
  afterEach(() => appendFileSync("notes", "after each\\n"));
  withEnd(${JSON.stringify(NAME)}, async ({ app, vmm, end }) => {
    const vm = await vmm.create("vm1", app.vmConfig("assets/ticks.json").build());
    await vm.run();
    await expect(vm).toPrint("tick");
    expect(end).toBe(2);
  }, 1_000);
  test("passes", ({ vmm }) => { expect(vmm).toBeDefined(); });`);

let project: SuiteProject | undefined;
afterEach(() => project?.remove());

function failingProject(time: string): SuiteProject {
  project = makeProject({ "suite.test.ts": FAILING }, { args: ["--runInBand"], env: { AVF_HOLD: time } });
  Object.assign(project.environment, { AVF_CACHE_DIR: join(project.folder, "cache") });
  return project;
}

function notesOf(folder: string): string {
  const path = join(folder, "notes");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function holdIn(folder: string): { readonly path: string; readonly note: HoldRecord } | undefined {
  const holds = join(folder, "cache", "holds");
  const name = existsSync(holds) ? readdirSync(holds).find((each) => each.endsWith(".json")) : undefined;
  if (name === undefined) return undefined;
  const path = join(holds, name);
  return { path, note: JSON.parse(readFileSync(path, "utf8")) as HoldRecord };
}

describe("a failed test under AVF_HOLD", () => {
  test("keeps device and VMs until it is ended, whatever Jest's timeout is, and shows how to reach them", async () => {
    const { folder, argv } = failingProject("10m");
    const child = startProject(project!);
    const { note } = await child.until("the hold", () => holdIn(folder));
    expect(note).toMatchObject({ test: NAME, device: "memory-1", serial: "memory" });
    const [vm] = note.vms;
    expect(vm).toMatchObject({ name: "vm1", status: "RUNNING", cid: 2048, adbPort: 40_001 });
    const lines = (): number => readFileSync(vm?.consoleFile ?? "", "utf8").split("\n").length;
    const before = lines();
    await child.until("the VM to print on", () => lines() > before + 60);
    expect(notesOf(folder)).toBe("");
    expect(argv).toHaveLength(4);

    const release = [process.execPath, join(__dirname, "../../cli/avf.cjs"), "release"];
    const released = startProject(project!, release);
    expect({ ...(await released.ended), said: released.output() }).toMatchObject({ exitCode: 0 });
    expect((await child.ended).exitCode).toBe(1);
    const output = child.output();
    expect(output).toMatch(
      /avf: "fails\\x07" failed; its device and VMs are held for 10 min 0 s, until \d\d:\d\d:\d\d\./,
    );
    expect(output).toContain("npx avf device shell memory-1");
    expect(output).toMatch(/vm1 +RUNNING, CID 2048 +npx avf console vm1/);
    expect(output).toContain("adb connect 127.0.0.1:40001 && adb -s 127.0.0.1:40001 shell");
    expect(output).toContain(`avf: hold of "${SHOWN}" is over: it was released`);
    expect(output).toMatch(/Expected: .*2[^]*Received: .*1/);
    expect(output).not.toContain("Exceeded timeout");
    expect(notesOf(folder)).toBe("torn down\nafter each\nafter each\n");
    expect(output).toMatch(/^Tests: 1 passed, 1 failed, 0 skipped$/m);
    expect(project!.closings()).toMatchObject([{ running: 0, left: [] }]);
    expect(project!.events().map(({ kind }) => kind)).toEqual(expect.arrayContaining(["hold-started", "hold-ended"]));
  });

  test("ends when the time is up", async () => {
    const { output, exitCode } = await runProject(failingProject("1s"));
    expect(exitCode).toBe(1);
    expect(output).toContain(`avf: hold of "${SHOWN}" is over: its time is up`);
    expect(holdIn(project!.folder)).toBeUndefined();
  });

  test("ends on Enter, if the run has a terminal", async () => {
    const { folder, argv } = failingProject("10m");
    const quoted = argv.map((argument) => `'${argument}'`).join(" ");
    const child = startProject(project!, ["script", "-qec", quoted, "/dev/null"]);
    await child.until("the hold", () => holdIn(folder));
    await child.until("its message", () => child.output().includes("end it"));
    child.type("\n");
    await child.ended;
    expect(child.output()).toMatch(/, Enter, or Ctrl-C to end the run/);
    expect(child.output()).toContain(`avf: hold of "${SHOWN}" is over: Enter was pressed`);
  });

  test("ends with the run on Ctrl-C, and leaves no record", async () => {
    const { folder } = failingProject("10m");
    const child = startProject(project!);
    await child.until("the hold", () => holdIn(folder));
    child.kill("SIGINT");
    expect((await child.ended).exitCode).toBe(130);
    expect(child.output()).toContain(`avf: SIGINT ended the run at "${SHOWN}" of suite.test.ts`);
    expect(holdIn(folder)).toBeUndefined();
    expect(project!.evidence("fails-d9569191/failure.txt")).toContain("toBe");
    expect(project!.events()).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: "interrupted", signal: "SIGINT", test: NAME })]),
    );
  });
});

describe("AVF_HOLD", () => {
  test.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["1.5h", 5_400_000],
    ["0", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s is %s ms", (text, timeMs) => {
    const saved = process.env["AVF_HOLD"];
    delete process.env["AVF_HOLD"];
    expect(holdTimeMs(text)).toBe(timeMs);
    if (saved !== undefined) process.env["AVF_HOLD"] = saved;
  });

  test.each(["10", "m", "ten minutes", "-1m", "0s", "25h"])("%s is refused", (text) => {
    expect(() => holdTimeMs(text)).toThrow(`AVF_HOLD is "${text}", which is not a duration.`);
  });
});
