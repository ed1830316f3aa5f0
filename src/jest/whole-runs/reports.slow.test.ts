import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { REPORT_FILES } from "../../reporter/report-files.js";
import {
  makeProject,
  runProject,
  startProject,
  type SuiteOutcome,
  type SuiteProject,
} from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(120_000);

type Node = Readonly<Record<string, unknown>>;

const HOSTILE = `</script><script>alert(1)</script> & "quotes" \u0007\u001b[31mred]]> ::error::%0A ✗`;

const SUITES = {
  "pair.test.ts": suite(`
    describe("two VMs", () => {
      test("greet", async ({ app, vmm }) => {
        const config = app.vmConfig("assets/vm_config.json").build();
        const [vm1, vm2] = [await vmm.create("vm1", config), await vmm.create("vm2", config)];
        await test.step("start both", () => Promise.all([vm1.run(), vm2.run()]));
        await expect(vm1).toPrint(/Hello/);
        await expect(vm2).toPrint(/Hello/);
      });
      test(${JSON.stringify(`one dies: ${HOSTILE}`)}, async ({ app, vmm }) => {
        const vm1 = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
        const vm2 = await vmm.create("vm2", app.vmConfig("assets/panic.json").build());
        await Promise.all([vm1.run(), vm2.run()]);
        expect(3 + 4).toBe(7);
        await expect(vm2).toPrint(/Hello/);
      });
      test.skip("not now", () => undefined);
      test.todo("later");
    });`),
  "flaky.test.ts": suite(`
    jest.retryTimes(1);
    let attempts = 0;
    test("passes at last", () => { expect(++attempts).toBe(2); });
    test("never passes", () => { expect(0).toBe(${JSON.stringify(HOSTILE)}); });`),
  "broken.test.ts": suite(`test("typo", ({ vnm }: any) => { vnm.create(); });`),
};

let project: SuiteProject;
let outcome: SuiteOutcome;
beforeAll(async () => {
  project = makeProject(SUITES, { args: ["--runInBand"] });
  const environment = { ...project.environment, GITHUB_ACTIONS: "true" };
  outcome = await runProject({ ...project, environment });
});
afterAll(() => project.remove());

function report(name: string): string {
  const text = project.evidence(name);
  if (text === undefined) throw new Error(`no ${name} after:\n${outcome.output}`);
  return text;
}

const LISTS = ["testsuite", "testcase", "property", "flakyFailure", "rerunFailure", "Module", "TestCase", "Test"];

function parseXml(text: string): Node {
  expect(XMLValidator.validate(text)).toBe(true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "",
    textNodeName: "text",
    isArray: (name) => LISTS.includes(name),
    parseAttributeValue: false,
  });
  return parser.parse(text) as Node;
}

const nodes = (node: unknown, ...path: readonly string[]): readonly Node[] =>
  path.reduce<readonly unknown[]>(
    (level, name) => level.flatMap((at) => (at as Node)[name] ?? []),
    [node],
  ) as readonly Node[];

describe("JUnit XML", () => {
  const cases = (): readonly Node[] => nodes(parseXml(report("junit.xml")), "testsuites", "testsuite", "testcase");
  const named = (name: RegExp): Node => {
    const found = cases().find((node) => name.test(String(node["name"])));
    if (found === undefined) throw new Error(`no testcase ${String(name)} in ${report("junit.xml")}`);
    return found;
  };

  test("counts tests, failures, files that could not run, and what was skipped", () => {
    const [root] = nodes(parseXml(report("junit.xml")), "testsuites");
    expect(root).toMatchObject({ tests: "7", failures: "2", errors: "1", skipped: "2" });
    expect(
      nodes(root, "testsuite")
        .map(({ name, tests }) => [name, tests])
        .sort(),
    ).toEqual([
      ["broken.test.ts", "1"],
      ["flaky.test.ts", "2"],
      ["pair.test.ts", "4"],
    ]);
  });

  test("has each test under its file, with its device, and only those that failed with a failure", () => {
    expect(named(/greet/)).toMatchObject({ classname: "pair.test", file: "pair.test.ts", name: "two VMs greet" });
    expect(named(/greet/)).not.toHaveProperty("failure");
    expect(named(/not now/)).toHaveProperty("skipped");
    const [failure] = nodes(named(/one dies/), "failure");
    expect(failure).toMatchObject({ type: "Error", message: expect.stringContaining("toPrint") });
    expect(String(failure?.["text"])).toContain("Kernel panic - not syncing");
    expect(nodes(named(/could not run/), "error")[0]?.["text"]).toContain('There is no fixture "vnm"');
    expect(nodes(named(/could not run/), "error")[0]?.["message"]).toMatch(/There is no fixture "vnm"/);
  });

  test("links the saved files, and shows how to run a failed test again", () => {
    const dies = named(/one dies/);
    const files = String(dies["system-out"]).match(/\[\[ATTACHMENT\|(.+)\]\]/g) ?? [];
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect(existsSync(file.slice("[[ATTACHMENT|".length, -2))).toBe(true);
    const properties = nodes(dies, "properties", "property").map(({ name }) => name);
    expect(properties).toContain("rerun");
  });

  test("shows retries", () => {
    const flaky = named(/passes at last/);
    expect(nodes(flaky, "flakyFailure")).toHaveLength(1);
    expect(nodes(flaky, "flakyFailure", "stackTrace")[0]).toContain("toBe");
    expect(flaky).not.toHaveProperty("failure");
    const never = named(/never passes/);
    expect([nodes(never, "failure").length, nodes(never, "rerunFailure").length]).toEqual([1, 1]);
  });
});

describe("xTS test_result.xml", () => {
  test("has Android's elements in Android's order", () => {
    const text = report("test_result.xml");
    const [result] = nodes(parseXml(text), "Result");
    expect(Object.keys(result ?? {}).filter((name) => /^[A-Z]/.test(name))).toEqual(["Build", "Summary", "Module"]);
    expect(result).toMatchObject({
      suite_name: "jest-avf",
      report_version: "5.0",
      start: expect.stringMatching(/^\d{13}$/),
    });
    expect(nodes(result, "Summary")[0]).toEqual({ pass: "2", failed: "3", modules_done: "2", modules_total: "3" });
  });

  test("has results by class and test, with stack traces", () => {
    const modules = nodes(parseXml(report("test_result.xml")), "Result", "Module");
    const pair = modules.find(({ name }) => name === "pair");
    expect(pair).toMatchObject({ done: "true", pass: "1", total_tests: "4" });
    expect(nodes(pair, "TestCase").map(({ name }) => name)).toEqual(["two VMs"]);
    const tests = nodes(pair, "TestCase", "Test");
    expect(tests.map(({ result }) => result)).toEqual(["pass", "fail", "IGNORED", "IGNORED"]);
    expect(nodes(tests[1], "Failure")[0]).toMatchObject({
      message: expect.stringContaining("toPrint"),
      StackTrace: expect.stringContaining("Kernel panic"),
    });
    expect(
      nodes(
        modules.find(({ name }) => name === "broken"),
        "Reason",
      ),
    ).toHaveLength(1);
  });
});

// Where there is no xmllint, what fast-xml-parser says has to do.
const testWithXmllint = spawnSync("xmllint", ["--version"]).error === undefined ? test : test.skip;

testWithXmllint.each(REPORT_FILES.filter((name) => name.endsWith(".xml")))(
  "another parser finds %s well-formed",
  (name) => {
    const { status, stderr } = spawnSync("xmllint", ["--noout", "-"], { input: report(name), encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  },
);

describe("trace.json", () => {
  interface TraceEvent {
    readonly ph: string;
    readonly name: string;
    readonly pid: number;
    readonly tid: number;
    readonly ts?: number;
    readonly dur?: number;
    readonly args?: Node;
  }
  const trace = (): readonly TraceEvent[] =>
    (JSON.parse(report("trace.json")) as { readonly traceEvents: readonly TraceEvent[] }).traceEvents;
  const threadName = (event: TraceEvent): unknown =>
    trace().find(
      ({ ph, name, pid, tid }) => ph === "M" && name === "thread_name" && pid === event.pid && tid === event.tid,
    )?.args?.["name"];

  test("names every process and thread that something happens on", () => {
    const events = trace().filter(({ ph }) => ph !== "M");
    expect(events.length).toBeGreaterThan(50);
    for (const event of events) expect(threadName(event)).toEqual(expect.any(String));
    const names = new Set(events.map(threadName));
    for (const name of ["tests", "steps", "assertions", "API calls", "vm1 status", "vm1 boot", "vm2 console"]) {
      expect(names).toContain(name);
    }
  });

  test("goes forward, and slices of a thread nest", () => {
    const events = trace().filter(({ ph }) => ph !== "M");
    const times = events.map(({ ts = NaN }) => ts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const durations = events.flatMap(({ dur }) => dur ?? []);
    expect(durations.length).toBeGreaterThan(20);
    expect(durations.filter((dur) => dur < 0)).toEqual([]);
    const open = new Map<string, number[]>();
    for (const { ph, pid, tid, ts = 0, dur = 0 } of events) {
      if (ph !== "X") continue;
      const stack = (open.get(`${pid} ${tid}`) ?? []).filter((end) => end > ts);
      expect(ts + dur).toBeLessThanOrEqual(stack.at(-1) ?? Infinity);
      open.set(`${pid} ${tid}`, [...stack, ts + dur]);
    }
  });

  test("holds what happened: steps by their names, assertions with their outcome, console lines, statuses", () => {
    const seen = (name: string, thread: string): readonly TraceEvent[] =>
      trace().filter((event) => event.name === name && threadName(event) === thread);
    expect(seen("start both", "steps")).toHaveLength(1);
    expect(seen("✓ expect(vm1).toPrint(/Hello/)", "assertions")).toHaveLength(1);
    expect(seen("✓ expect(7).toBe(7)", "assertions")).toHaveLength(1);
    expect(seen("✗ expect(vm2).toPrint(/Hello/)", "assertions")).toHaveLength(1);
    expect(seen("Hello Microdroid vm2", "vm2 console")).toHaveLength(1);
    expect(seen("RUNNING", "vm2 status")).toHaveLength(2);
    expect(seen("ready", "vm1 boot").length).toBeGreaterThan(0);
  });
});

test("the HTML report has every test, and links what was saved", () => {
  const html = report("report.html");
  const block = (id: string): Node => {
    const [, json] = new RegExp(`id="${id}">(.*)</script>`).exec(html) ?? [];
    return JSON.parse(json ?? "null") as Node;
  };
  const tests = nodes(block("index"), "tests");
  expect(tests.map(({ outcome }) => outcome).sort()).toEqual([
    "failed",
    "failed",
    "flaky",
    "passed",
    "skipped",
    "todo",
  ]);
  const dies = tests.find(({ title }) => String(title).startsWith("one dies"));
  const [attempt] = nodes(block(`test-${String(dies?.["id"])}`), "attempts");
  expect(nodes(attempt, "machines").map(({ name }) => name)).toEqual(["vm1", "vm2"]);
  const links = nodes(attempt, "evidence").map(({ href }) => String(href));
  expect(links.length).toBeGreaterThan(4);
  for (const link of links) expect(existsSync(join(project.folder, "out/latest", decodeURIComponent(link)))).toBe(true);
});

test("GitHub gets failures as annotations, each one line, at the line of the test", () => {
  const commands = outcome.output.split("\n").filter((line) => line.startsWith("::"));
  const errors = commands.filter((line) => line.startsWith("::error "));
  expect(errors).toHaveLength(3);
  expect(errors.find((line) => line.includes("one dies"))).toMatch(
    /^::error file=pair\.test\.ts,line=16,col=\d+,title=.*::.*%0A.*Kernel panic/,
  );
  expect(commands.filter((line) => line.startsWith("::warning "))).toHaveLength(1);
  for (const line of commands) expect(line).not.toContain("::error::%0A ✗,");
});

test("the last line of all is the closing line, after the path of the report", () => {
  expect(outcome.output).toMatch(/\nReport: out\/\S+\nTests: 2 passed, 3 failed, 2 skipped\n/);
});

test.each([["--runInBand"], ["-w", "2"]] as const)(
  "a run that is interrupted has its reports as well (%s)",
  async (...args) => {
    const interrupted = makeProject(
      {
        "a.test.ts": suite(`
        import { writeFileSync } from "node:fs";
        test("passes", () => { expect(1).toBe(1); });
        test("waits", async ({ runningVm }) => {
          await expect(runningVm).toPrint("Hello");
          writeFileSync("running", "");
          await expect(runningVm).toPrint("never");
        });`),
        "b.test.ts": suite(`test("passes too", () => { expect(1).toBe(1); });`),
      },
      { args, config: { workerIdleMemoryLimit: "1GB" } },
    );
    try {
      const child = startProject(interrupted);
      await child.until("the test to begin", () => existsSync(join(interrupted.folder, "running")));
      child.kill("SIGINT");
      expect((await child.ended).exitCode).toBe(130);
      const junit = interrupted.evidence("junit.xml") ?? "";
      const [waits] = nodes(parseXml(junit), "testsuites", "testsuite", "testcase").filter(
        ({ name }) => name === "waits",
      );
      expect(nodes(waits, "error")[0]?.["text"]).toContain('waiting for VM "vm1" to print "never"');
      expect(interrupted.evidence("trace.json")).toContain("Hello Microdroid vm1");
    } finally {
      interrupted.remove();
    }
  },
);
