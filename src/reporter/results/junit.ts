/**
 * JUnit XML with Surefire's elements for retries: a test that passed at last has its failures as `flakyFailure`; one that
 * did not has the first as `failure` and the later ones as `rerunFailure`.
 */
import { join } from "node:path";
import { byFile, deviceOf, errorName, failureText, firstLine, isBad, reasonOf, vmmOf } from "../failure-text.js";
import type { BrokenFile, RunModel, SubtestModel, TestModel } from "../model/run-model.js";
import { isBadSubtest, isSkippedSubtest, skipText, subtestFailure, subtestName } from "../model/subtests.js";
import { xmlDocument, type Element } from "./xml.js";

export function junitXml(run: RunModel): Iterable<string> {
  const suites = [
    ...byFile(run.tests).map((tests) => suiteElement(run, tests)),
    ...run.brokenFiles.map((file) => brokenSuite(run, file)),
  ];
  const sum = (count: keyof Counted): number => suites.reduce((total, { attributes }) => total + attributes[count], 0);
  return xmlDocument({
    name: "testsuites",
    attributes: {
      name: run.project,
      ...{ tests: sum("tests"), failures: sum("failures"), errors: sum("errors"), skipped: sum("skipped") },
      time: seconds(run.durationMs),
      timestamp: timestamp(run, 0),
    },
    children: suites,
  });
}

/** What a suite counts of its cases, and the run of its suites. */
interface Counted {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

type Suite = Element & { readonly attributes: Counted };

function suiteElement(run: RunModel, tests: readonly [TestModel, ...TestModel[]]): Suite {
  const [{ file, project, startMs }] = tests;
  const count = (wanted: (test: TestModel) => boolean): number => tests.filter(wanted).length;
  const durationMs = tests.reduce((sum, test) => sum + test.durationMs, 0);
  const device = tests.flatMap((test) => deviceOf(test) ?? [])[0];
  const subtests = tests.flatMap((test) => test.subtests);
  return {
    name: "testsuite",
    attributes: {
      name: project === undefined ? file : `${file} (${project})`,
      tests: tests.length + subtests.length,
      failures: count((test) => test.outcome === "failed" && !isError(test)) + subtests.filter(isBadSubtest).length,
      errors: count(isError),
      skipped:
        count(({ outcome }) => outcome === "skipped" || outcome === "todo") + subtests.filter(isSkippedSubtest).length,
      time: seconds(durationMs),
      timestamp: timestamp(run, startMs ?? 0),
    },
    children: [
      properties({ run: run.name, project, device, place: placesOf(tests) }),
      ...tests.flatMap((test) => [testElement(run, test), ...test.subtests.map((one) => subtestElement(test, one))]),
    ],
  };
}

/** In a report of several runs: which of them ran it. A test that ran in several says so by itself. */
function placesOf(tests: readonly TestModel[]): string | undefined {
  const places = new Set(tests.flatMap(({ attempts }) => attempts.flatMap(({ place }) => place ?? [])));
  return places.size === 0 ? undefined : [...places].join(", ");
}

function testElement(run: RunModel, test: TestModel): Element {
  const { file, name, durationMs, outcome, failureClass, skipReason } = test;
  const retried = Math.max(test.attempts.length, test.earlierFailures.length + 1);
  const about = {
    ...{ device: deviceOf(test), vmm: vmmOf(test), class: failureClass },
    place: placesOf([test]),
    attempts: retried > 1 ? retried : undefined,
    history: test.past?.mark || undefined,
    rerun: isBad(test) || outcome === "flaky" ? test.rerun : undefined,
  };
  const skipped =
    outcome === "todo" || outcome === "skipped"
      ? { name: "skipped", attributes: { message: skipReason ?? (outcome === "todo" ? "todo" : undefined) } }
      : undefined;
  const output = systemOut(run, test);
  return {
    name: "testcase",
    attributes: { classname: className(file), name, time: seconds(durationMs), file },
    children: [
      properties(about),
      skipped,
      ...failures(test),
      output === undefined ? undefined : { name: "system-out", text: output },
    ],
  };
}

/** A test that ran in a VM, as a case beside the test that ran it; Jest does not count it. */
function subtestElement({ file, name }: TestModel, one: SubtestModel): Element {
  const failure = subtestFailure(one);
  const message = skipText(one);
  return {
    name: "testcase",
    attributes: { classname: `${className(file)} › ${name}`, name: subtestName(one), time: "0.000", file },
    children: [
      isSkippedSubtest(one)
        ? { name: "skipped", attributes: { message: message === "" ? undefined : message } }
        : undefined,
      isBadSubtest(one)
        ? { name: "failure", attributes: { message: firstLine(failure), type: "KTAP" }, text: failure }
        : undefined,
    ],
  };
}

function className(file: string): string {
  return file.replace(/\.[cm]?[jt]sx?$/, "");
}

/** Broken labs and cut-off tests are errors, in JUnit's words; what a test asserted is a failure. */
function isError(test: TestModel): boolean {
  return test.outcome === "unfinished" || (test.outcome === "failed" && test.failureClass === "infrastructure");
}

function failures(test: TestModel): readonly Element[] {
  const { earlierFailures } = test;
  if (test.outcome === "flaky") return earlierFailures.map((failure) => retryElement("flakyFailure", failure));
  if (!isBad(test)) return [];
  const [first = "", ...later] = [...earlierFailures, failureText(test)];
  const attributes = { message: messageOf(first), type: errorName(first) };
  const main = { name: isError(test) ? "error" : "failure", attributes, text: first };
  return [main, ...later.map((failure) => retryElement("rerunFailure", failure))];
}

function retryElement(name: string, failure: string): Element {
  return {
    name,
    attributes: { message: messageOf(failure), type: errorName(failure) },
    children: [{ name: "stackTrace", text: failure }],
  };
}

/** What was called, and what came of it. */
function messageOf(failure: string): string {
  const [call, reason] = [firstLine(failure), reasonOf(failure)];
  return call.endsWith(reason) ? call : `${call}: ${reason}`;
}

/** `[[ATTACHMENT|path]]` is what Jenkins and GitLab take files from. */
function systemOut(run: RunModel, test: TestModel): string | undefined {
  const folders = test.attempts.flatMap(({ evidence }) => evidence ?? []);
  if (folders.length === 0) return undefined;
  const files = folders.flatMap(({ folder, files }) => files.map((file) => join(run.folder, folder, file)));
  const links = files.map((file) => `[[ATTACHMENT|${file}]]`);
  return [
    `Report: ${join(run.folder, "report.html")}#test-${test.id}`,
    `Run it again: ${test.rerun}`,
    ...links,
    "",
  ].join("\n");
}

/** Jest puts `● Test suite failed to run` above what happened. */
function withoutHeading(failure: string): string {
  const told = failure.replace(/^\s*●[^\n]*\n/, "").trim();
  return told === "" ? failure : told;
}

function brokenSuite(run: RunModel, { file, project, failure }: BrokenFile): Suite {
  const told = withoutHeading(failure);
  const attributes = { message: reasonOf(told), type: errorName(told) };
  const error = { name: "error", attributes, text: failure };
  const name = project === undefined ? file : `${file} (${project})`;
  return {
    name: "testsuite",
    attributes: { name, tests: 1, failures: 0, errors: 1, skipped: 0, time: "0.000", timestamp: timestamp(run, 0) },
    children: [
      {
        name: "testcase",
        attributes: { classname: file, name: "the file could not run", time: "0.000", file },
        children: [error],
      },
    ],
  };
}

function properties(values: Readonly<Record<string, string | number | undefined>>): Element | undefined {
  const children = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name: "property", attributes: { name, value } }],
  );
  return children.length === 0 ? undefined : { name: "properties", children };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);
const timestamp = (run: RunModel, atMs: number): string =>
  new Date(run.startedWallMs + atMs).toISOString().slice(0, 19);
