/** Tests that ran inside VMs, in the reports: each is a case of its own, beside the test of Jest that ran them. */
import { describe, expect, test } from "@jest/globals";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { RunEvent, RunEventBody } from "../../artifacts/events.js";
import type { SubtestCase } from "../../artifacts/events/subtests.js";
import { reportPage } from "../html/page.js";
import type { IndexData, TestData } from "../html/report-data.js";
import { buildModel } from "../model/build-model.js";
import { junitXml } from "./junit.js";
import { xtsResultXml } from "./xts-result.js";

type Node = Readonly<Record<string, unknown>>;

const CASES: readonly SubtestCase[] = [
  { names: ["mm", "maps"], status: "passed" },
  { names: ["mm", "unmaps <all>"], status: "failed", reason: "exit=1", diagnostics: ["2 pages left", "]]>"] },
  { names: ["net"], status: "skipped", reason: "no device" },
  { names: ["usb"], status: "expected-failure", reason: "not yet" },
  { names: ["tests 5 to 9"], status: "missing" },
];

/** A test that read the same VM twice, then one of a second VM; each event a millisecond later. */
function run(attempts: readonly (readonly RunEventBody[])[]): RunEvent[] {
  const about = { file: "/p/k.test.ts", test: "kernel tests" };
  const bodies: RunEventBody[] = [
    { kind: "process-started", wallMs: 1_700_000_000_000 },
    { kind: "run-started", project: "p", rootDir: "/p", version: "0", argv: [] },
    ...attempts.flatMap((events, index): RunEventBody[] => [
      { kind: "test-start", ...about, attempt: index + 1 },
      ...events,
      { kind: "test-end", ...about, attempt: index + 1, status: "failed", durationMs: 1, errors: ["failed"] },
    ]),
  ];
  return bodies.map((body, index) => ({ atMs: 1_000 + index, pid: 7, ...body }));
}

const told = (vm: string, list: number, cases: readonly SubtestCase[], omitted = 0): RunEventBody => ({
  kind: "subtests",
  ...{ vm, run: 1, list, cases, omitted },
});

const model = (...attempts: readonly (readonly RunEventBody[])[]) => buildModel(run(attempts), "/p/avf-results/run");

function parse(parts: Iterable<string>): Node {
  const text = [...parts].join("");
  expect(XMLValidator.validate(text)).toBe(true);
  const options = { ignoreAttributes: false, attributeNamePrefix: "", textNodeName: "text" };
  return new XMLParser({ ...options, isArray: (name) => ["testcase", "TestCase", "Test"].includes(name) }).parse(
    text,
  ) as Node;
}

const child = (node: unknown, name: string): Node => (node as Record<string, Node>)[name] ?? {};
const children = (node: unknown, name: string): readonly Node[] =>
  (node as Record<string, readonly Node[]>)[name] ?? [];

describe("of one VM", () => {
  const once = model([told("vm1", 1, CASES.slice(0, 2)), told("vm1", 1, CASES.slice(2))]);

  test("JUnit has a case for each, and counts them", () => {
    const root = child(parse(junitXml(once)), "testsuites");
    expect(root).toMatchObject({ tests: "6", failures: "3", errors: "0", skipped: "2" });
    const suite = child(root, "testsuite");
    expect(suite).toMatchObject({ tests: "6", failures: "3", errors: "0", skipped: "2" });
    const [test, maps, unmaps, net, usb, missing] = children(suite, "testcase");
    expect(test).toMatchObject({ classname: "k.test", name: "kernel tests" });
    expect(maps).toEqual({ classname: "k.test › kernel tests", name: "mm › maps", time: "0.000", file: "k.test.ts" });
    expect(unmaps).toMatchObject({ name: "mm › unmaps <all>", failure: { message: "exit=1" } });
    expect(child(unmaps, "failure")["text"]).toBe("exit=1\n2 pages left\n]]>");
    expect([net, usb].map((node) => child(node, "skipped")["message"])).toEqual([
      "no device",
      "failed as expected: not yet",
    ]);
    expect(missing).toMatchObject({ name: "tests 5 to 9", failure: { message: "it has no result" } });
  });

  test("test_result.xml has a class for them", () => {
    const result = child(parse(xtsResultXml(once)), "Result");
    expect(child(result, "Summary")).toMatchObject({ pass: "1", failed: "3" });
    const module = child(result, "Module");
    expect(module).toMatchObject({ pass: "1", total_tests: "6" });
    const [, subtests] = children(module, "TestCase");
    expect(subtests).toMatchObject({ name: "k › kernel tests" });
    expect(children(subtests, "Test").map(({ name, result: of }) => [name, of])).toEqual([
      ["mm › maps", "pass"],
      ["mm › unmaps <all>", "fail"],
      ["net", "ASSUMPTION_FAILURE"],
      ["usb", "ASSUMPTION_FAILURE"],
      ["tests 5 to 9", "fail"],
    ]);
  });

  test("the page lists them, and counts Jest's tests as Jest does", () => {
    const html = [...reportPage(once)].join("");
    const data = (id: string): unknown =>
      JSON.parse(new RegExp(`id="${id}">([^\\n]*)</script>\n`).exec(html)?.[1] ?? "null");
    const index = data("index") as IndexData;
    expect([index.counts.failed, index.tests[0]?.subtests]).toEqual([1, "5 sub-tests, 2 failed"]);
    const [attempt] = (data("test-1") as TestData).attempts;
    expect(attempt?.subtests.map(({ outcome }) => outcome)).toEqual([
      ...["passed", "failed", "skipped", "skipped", "failed"],
    ]);
  });
});

test("what is read again is listed once, and several VMs are distinguished", () => {
  const names = (one: ReturnType<typeof model>) => one.tests[0]?.subtests.map((sub) => sub.names.join("/"));
  const [first] = CASES;
  expect(names(model([told("vm1", 1, CASES), told("vm1", 2, [first!])]))).toEqual(["mm/maps"]);
  expect(names(model([told("vm1", 1, [first!]), told("vm2", 2, [first!])]))).toEqual(["vm1/mm/maps", "vm2/mm/maps"]);
  expect(names(model([told("vm1", 1, CASES)], [told("vm1", 2, [first!])]))).toEqual(["mm/maps"]);
  expect(names(model([told("vm1", 1, [first!], 30)]))).toEqual(["mm/maps", "more"]);
});

test("a record from another program is read as far as it makes sense", () => {
  const odd = { kind: "subtests", vm: 7, run: "x", list: null, cases: [null, { names: "no", status: "fine" }] };
  const [only] = model([odd as unknown as RunEventBody]).tests[0]?.subtests ?? [];
  expect(only).toEqual({ names: [], status: "missing", reason: "", diagnostics: [] });
});
