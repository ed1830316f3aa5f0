import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { join } from "node:path";
import type { RunEvent } from "../../artifacts/events.js";
import { packageRoot } from "../../base/paths.js";
import { buildModel } from "../../reporter/model/build-model.js";
import { makeProject, runProject, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

jest.setTimeout(120_000);

type TestEnd = Extract<RunEvent, { kind: "test-end" }>;

const LAB = `import { InfrastructureError } from "jest-avf";
const broken = () => { throw new InfrastructureError("LAB", "the lab is broken"); };`;

const SUITES = {
  "hooks.test.ts": suite(`${LAB}
      let hooks = 0;
      describe("a hook of the block", () => {
        beforeAll(() => { hooks++; broken(); });
        test("never runs", () => undefined);
        describe("and deeper", () => { test("neither does", () => undefined); });
      });
      test("the hook ran once", () => { expect(hooks).toBe(1); });
      let each = 0;
      describe("a hook of each test", () => {
        beforeEach(() => { if (each++ === 0) broken(); });
        test("gets another one", () => undefined);
      });`),
  "own-number.test.ts": suite(`${LAB}
      jest.retryTimes(2);
      let a = 0, b = 0;
      test("fails twice", () => { expect(++a).toBe(3); });
      test("the lab fails once", () => { if (++b === 1) broken(); });
      describe("with a hook that fails", () => { beforeAll(broken); test("is left as it is", () => undefined); });`),
  "failing.test.ts": suite(`${LAB}
      let a = 0;
      test.failing("fails for the lab once", () => { if (++a === 1) broken(); throw new Error("as expected"); });
      test.failing("fails for the lab", broken);
      test.failing("fails for its device", async ({ device }) => { await device.exec(["vanish"]); });`),
  "own-none.test.ts": suite(`${LAB}
      jest.retryTimes(0);
      test("has one attempt", broken);`),
  "in-a-hook.test.ts": suite(`${LAB}
      let a = 0, b = 0;
      test("before it counts", () => { expect(++a).toBe(2); });
      describe("a block", () => {
        beforeAll(() => { jest.retryTimes(1, { retryImmediately: true }); });
        test("counts", () => { expect(++b).toBe(2); });
      });`),
  "whole-block.test.ts": suite(`${LAB}
      let a = 0;
      describe("as one", () => {
        jest.retryTimes(1, { entireDescribe: true });
        test("first", () => { if (++a === 1) broken(); });
        test("second", () => undefined);
      });
      let b = 0;
      test("outside", () => { if (++b === 1) broken(); });`),
};

describe("another attempt", () => {
  let project: SuiteProject;
  let output: string;
  let ends: readonly TestEnd[];

  beforeAll(async () => {
    project = makeProject(SUITES, { args: ["--runInBand"] });
    ({ output } = await runProject(project));
    ends = project.events().filter((event): event is TestEnd & RunEvent => event.kind === "test-end");
  });
  afterAll(() => project.remove());

  const outcomesOf = (name: string): readonly string[] =>
    ends.filter(({ test: full }) => full === name).map(({ attempt, status }) => `${attempt} ${status}`);

  test.each([
    ["after a hook of its block that failed", "a hook of the block never runs", ["1 failed"]],
    ["and in blocks below", "a hook of the block and deeper neither does", ["1 failed"]],
    ["after a hook of its own", "a hook of each test gets another one", ["1 failed", "2 passed"]],
    ["of its own number", "fails twice", ["1 failed", "2 failed", "3 passed"]],
    ["of its own number, for the lab", "the lab fails once", ["1 failed", "2 passed"]],
    ["of its own number, with a hook", "with a hook that fails is left as it is", ["1 failed"]],
    ["where only the lab failed a test that is to fail", "fails for the lab once", ["1 failed", "2 passed"]],
    ["and does not pass for it", "fails for the lab", ["1 failed", "2 failed"]],
    ["and not for a lost device", "fails for its device", ["1 failed", "2 failed"]],
    ["of no other", "has one attempt", ["1 failed"]],
    ["of a number that a hook sets later", "before it counts", ["1 failed"]],
    ["of a number that a hook sets", "a block counts", ["1 failed", "2 passed"]],
    ["in a block that is run again", "as one first", ["1 failed", "2 passed"]],
    ["beside that block", "outside", ["1 failed", "2 passed"]],
  ])("comes or does not: %s", (_when, name, outcomes) => {
    expect(outcomesOf(name)).toEqual(outcomes);
  });

  test("makes those flaky that failed before, and no others of a block that was run again", () => {
    const { tests } = buildModel(project.events(), "/p/avf-results/run");
    const outcomes = tests.map(({ name, outcome }) => [name, outcome]);
    expect(outcomes).toEqual(
      expect.arrayContaining([
        ["as one first", "flaky"],
        ["as one second", "passed"],
        ["outside", "flaky"],
        ["fails twice", "flaky"],
        ["the hook ran once", "passed"],
      ]),
    );
  });

  test("is announced when it comes, and only then", () => {
    const announced = [...output.matchAll(/^avf: "(.*)" failed and runs again \(attempt (\d+) of (\d+)\)/gm)];
    const whole = ["as one first", "as one second"];
    const later = ends.filter(({ attempt, test: name }) => attempt > 1 && !whole.includes(name));
    expect(announced.map(([, name, attempt]) => `${name} ${attempt}`).sort()).toEqual(
      later.map(({ test: name, attempt }) => `${name} ${attempt}`).sort(),
    );
    expect(announced.find(([, name]) => name === "fails twice")?.[3]).toBe("3");
    expect(output).toContain('avf: block "as one" failed and runs again as a whole, as jest.retryTimes says');
  });
});

/** A device that cannot be had the first time. */
const LATE_DEVICE = `
  const { openHarness } = require(${JSON.stringify(join(packageRoot, "dist/session/testing/memory-harness.js"))});
  const { InfrastructureError } = require(${JSON.stringify(join(packageRoot, "dist/base/errors.js"))});
  let calls = 0;
  exports.openHarness = async (...args) => {
    if (++calls === 1) throw new InfrastructureError("DEVICE_LOST", "The device does not answer.");
    return openHarness(...args);
  };`;

const REQUIRING = `import { test, expect } from "jest-avf";
  test.requires("sdk>=30")("runs on what is there", ({ device }) => { expect(device.serial).toBe("memory"); });
  test.requires("sdk>=99")("is of the future", () => { throw new Error("must not run"); });
  describe("a block", () => {
    test.requires("cpus>=1");
    test("runs as well", () => undefined);
  });`;

test("a further attempt looks again at what could not be looked at: what the test requires", async () => {
  const project = makeProject(
    { "requiring.test.ts": REQUIRING, "late-device.cjs": LATE_DEVICE },
    { args: ["--runInBand"], options: { harnessModule: "late-device.cjs" } },
  );
  try {
    const { exitCode, output } = await runProject(project);
    expect({ exitCode, output }).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/^Tests: 2 passed, 0 f/m),
    });
    const ends = project.events().flatMap((event) => (event.kind === "test-end" ? [event] : []));
    expect(ends).toMatchObject([
      { test: "runs on what is there", attempt: 1, status: "failed", failureClass: "infrastructure" },
      { test: "runs on what is there", attempt: 2, status: "passed" },
      {
        test: "is of the future",
        attempt: 1,
        status: "skipped",
        skipReason: expect.stringMatching(/^requires sdk>=99/),
      },
      { test: "a block runs as well", attempt: 1, status: "passed" },
    ]);
    expect(output).toContain('avf: skipped "is of the future" in requiring.test.ts: requires sdk>=99 (sdk is 35)');
  } finally {
    project.remove();
  }
});

test("a checkpoint whose steps never end is the suite's fault, not the lab's, and is not tried again", async () => {
  const steps = `import { checkpoint, test } from "jest-avf";
    test.use({ from: checkpoint("never there", () => new Promise(() => undefined)) });
    test("starts there", ({ device }) => { device.serial; });`;
  const project = makeProject({ "steps.test.ts": steps }, { args: ["--runInBand"], config: { testTimeout: 300 } });
  try {
    const { exitCode, output } = await runProject(project);
    expect({ exitCode, output }).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/Timed out after 300 ms waiting for checkpoint "never there" to be reached/),
    });
    const ends = project.events().flatMap((event) => (event.kind === "test-end" ? [event] : []));
    expect(ends).toMatchObject([{ attempt: 1, status: "failed", failureClass: "test" }]);
  } finally {
    project.remove();
  }
});
