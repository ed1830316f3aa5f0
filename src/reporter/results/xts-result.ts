/**
 * `test_result.xml` as Android's test suites (CTS, VTS…) write and read it: order and names as in Trade Federation's
 * XmlSuiteResultFormatter.java. A file of tests is a module, its `describe` blocks are the classes.
 */
import { hostname, release, type } from "node:os";
import { byFile, errorName, failureText, firstLine, isBad } from "../failure-text.js";
import { countTests, type RunModel, type SubtestModel, type TestModel } from "../model/run-model.js";
import { isBadSubtest, isSkippedSubtest, skipText, subtestFailure, subtestName } from "../model/subtests.js";
import { xmlDocument, type Element } from "./xml.js";

const REPORT_VERSION = "5.0";

export function* xtsResultXml(run: RunModel): Generator<string, void, undefined> {
  const { passed, failed, unfinished } = countTests(run);
  const subtests = run.tests.flatMap((test) => test.subtests);
  const files = byFile(run.tests);
  const modules = files.map((tests) => moduleElement(run, tests));
  const broken = run.brokenFiles.map(({ file, project, failure }) => ({
    name: "Module",
    attributes: { name: moduleOf(file, project), abi: abiOf(run), runtime: 0, done: "false", pass: 0, total_tests: 0 },
    children: [{ name: "Reason", attributes: { message: firstLine(failure), error_name: errorName(failure) } }],
  }));
  const done = files.filter((tests) => tests.every(({ outcome }) => outcome !== "unfinished")).length;
  const root: Element = {
    name: "Result",
    attributes: resultAttributes(run),
    children: [
      { name: "Build", attributes: buildAttributes(run) },
      historyElement(run),
      {
        name: "Summary",
        attributes: {
          pass: passed + subtests.filter(hasPassed).length,
          failed: failed + unfinished + subtests.filter(isBadSubtest).length,
          modules_done: done,
          modules_total: modules.length + broken.length,
        },
      },
      ...modules,
      ...broken,
    ],
  };
  yield* xmlDocument(root);
}

function resultAttributes(run: RunModel): Element["attributes"] & object {
  const endMs = run.startedWallMs + run.durationMs;
  return {
    start: Math.round(run.startedWallMs),
    end: Math.round(endMs),
    start_display: new Date(run.startedWallMs).toUTCString(),
    end_display: new Date(endMs).toUTCString(),
    command_line_args: ["jest", ...run.argv].join(" "),
    suite_name: "jest-avf",
    suite_version: run.version,
    suite_plan: run.project,
    suite_build_number: run.name,
    report_version: REPORT_VERSION,
    devices: [...new Set(run.devices.map(({ serial }) => serial))].join(","),
    host_name: hostNames(run),
    os_name: type(),
    os_version: release(),
    os_arch: process.arch,
  };
}

/** The runs that a report was merged from, as Android's formatter writes those of a session that was tried again. */
function historyElement(run: RunModel): Element | undefined {
  if (run.merged === undefined) return undefined;
  const runs = run.merged.parts.map(({ argv, origin, startedWallMs, durationMs, counts }) => ({
    name: "Run",
    attributes: {
      start: Math.round(startedWallMs),
      end: Math.round(startedWallMs + durationMs),
      pass: counts.passed,
      failed: counts.failed + counts.unfinished,
      command_line_args: ["jest", ...argv].join(" "),
      host_name: origin.host,
    },
  }));
  return { name: "RunHistory", children: runs };
}

function hostNames(run: RunModel): string {
  if (run.merged === undefined) return run.origin.host ?? hostname();
  return [...new Set(run.merged.parts.flatMap(({ origin }) => origin.host ?? []))].join(",");
}

const BUILD_ATTRIBUTES: Readonly<Record<string, string>> = {
  "ro.build.id": "build_id",
  "ro.build.fingerprint": "build_fingerprint",
  "ro.build.type": "build_type",
  "ro.build.tags": "build_tags",
  "ro.build.version.release": "build_version_release",
  "ro.build.version.sdk": "build_version_sdk",
  "ro.build.version.incremental": "build_version_incremental",
  "ro.build.version.security_patch": "build_version_security_patch",
  "ro.product.name": "build_product",
  "ro.product.model": "build_model",
  "ro.product.brand": "build_brand",
  "ro.product.device": "build_device",
  "ro.product.manufacturer": "build_manufacturer",
  "ro.product.cpu.abi": "build_abi",
  "ro.product.cpu.abilist": "build_abis",
};

function buildAttributes(run: RunModel): Readonly<Record<string, string>> {
  const properties = run.devices[0]?.properties ?? {};
  const known = Object.entries(BUILD_ATTRIBUTES).map(([property, name]) => [name, properties[property] ?? ""]);
  return Object.fromEntries(known) as Readonly<Record<string, string>>;
}

function moduleElement(run: RunModel, tests: readonly [TestModel, ...TestModel[]]): Element {
  const [{ file, project }] = tests;
  const subtests = tests.flatMap((test) => test.subtests);
  const classes = new Map<string, TestModel[]>();
  for (const test of tests) {
    const name = test.ancestors.join(" › ") || moduleName(file);
    const members = classes.get(name);
    if (members === undefined) classes.set(name, [test]);
    else members.push(test);
  }
  return {
    name: "Module",
    attributes: {
      name: moduleOf(file, project),
      abi: abiOf(run),
      runtime: Math.round(tests.reduce((sum, { durationMs }) => sum + durationMs, 0)),
      done: String(tests.every(({ outcome }) => outcome !== "unfinished")),
      pass:
        tests.filter(({ outcome }) => outcome === "passed" || outcome === "flaky").length +
        subtests.filter(hasPassed).length,
      total_tests: tests.length + subtests.length,
    },
    children: [...classes].flatMap(([name, members]) => {
      const titled = withUniqueNames(members, ({ title }) => title);
      return [
        testCase(
          name,
          titled.map(([test, title]) => testElement(test, title)),
        ),
        ...titled.flatMap(([test, title]) => subtestsElement(`${name} › ${title}`, test.subtests)),
      ];
    }),
  };
}

/** Readers keep one result a name. */
function withUniqueNames<T>(tests: readonly T[], nameOf: (test: T) => string): readonly (readonly [T, string])[] {
  const seen = new Map<string, number>();
  return tests.map((test) => {
    const name = nameOf(test);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return [test, count === 1 ? name : `${name}#${count}`];
  });
}

function testCase(name: string, children: readonly Element[]): Element {
  return { name: "TestCase", attributes: { name }, children };
}

/** Tests that ran in a VM: a class of their own, by the name of the test that ran them. */
function subtestsElement(name: string, subtests: readonly SubtestModel[]): readonly Element[] {
  if (subtests.length === 0) return [];
  return [
    testCase(
      name,
      withUniqueNames(subtests, subtestName).map(([one, title]) => subtestElement(one, title)),
    ),
  ];
}

function subtestElement(one: SubtestModel, name: string): Element {
  const skipped = isSkippedSubtest(one);
  const why = isBadSubtest(one) ? subtestFailure(one) : skipped ? skipText(one) : "";
  const result = isBadSubtest(one) ? "fail" : !skipped ? "pass" : why === "" ? "IGNORED" : "ASSUMPTION_FAILURE";
  const failure = { name: "Failure", attributes: { message: firstLine(why) }, children: [stackTrace(why)] };
  return {
    name: "Test",
    attributes: { result, name, ...(result === "IGNORED" ? { skipped: "true" } : {}) },
    children: [why === "" ? undefined : failure],
  };
}

function hasPassed({ status }: SubtestModel): boolean {
  return status === "passed";
}

function testElement(test: TestModel, name: string): Element {
  const skipped = test.outcome === "skipped" || test.outcome === "todo";
  const result = isBad(test) ? "fail" : skippedResult(test);
  const failure = isBad(test) ? failureElement(test) : undefined;
  const reason =
    test.skipReason === undefined
      ? undefined
      : {
          name: "Failure",
          attributes: { message: firstLine(test.skipReason) },
          children: [stackTrace(test.skipReason)],
        };
  return {
    name: "Test",
    attributes: { result, name, ...(skipped && test.skipReason === undefined ? { skipped: "true" } : {}) },
    children: [failure, skipped ? reason : undefined],
  };
}

/** What the device lacks is an assumption that failed; what the suite leaves out is ignored. */
function skippedResult({ outcome, skipReason }: TestModel): string {
  if (outcome !== "skipped" && outcome !== "todo") return "pass";
  return skipReason === undefined ? "IGNORED" : "ASSUMPTION_FAILURE";
}

const ERROR_NAMES: Readonly<Record<string, string>> = {
  test: "TEST_FAILURE",
  product: "PRODUCT_FAILURE",
  infrastructure: "INFRA_FAILURE",
};

function failureElement(test: TestModel): Element {
  const failure = failureText(test);
  const kind = test.failureClass === undefined ? undefined : ERROR_NAMES[test.failureClass];
  return {
    name: "Failure",
    attributes: { message: firstLine(failure), error_name: kind ?? errorName(failure) },
    children: [stackTrace(failure)],
  };
}

function stackTrace(text: string): Element {
  return { name: "StackTrace", text };
}

function abiOf(run: RunModel): string {
  return run.devices[0]?.properties["ro.product.cpu.abi"] ?? "x86_64";
}

/** A file is one in each of Jest's projects that runs it. */
function moduleOf(file: string, project: string | undefined): string {
  return project === undefined ? moduleName(file) : `${moduleName(file)}[${project}]`;
}

function moduleName(file: string): string {
  return file.replace(/\.test\.[cm]?[jt]sx?$/, "").replaceAll("/", ".");
}
