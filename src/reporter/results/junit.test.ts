import { expect, test } from "@jest/globals";
import { XMLParser } from "fast-xml-parser";
import type { RunEventBody } from "../../artifacts/events.js";
import { buildModel } from "../model/build-model.js";
import { junitXml } from "./junit.js";

const FILE = "/p/a.test.ts";

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

/** An attempt at a test as the environment records it, and what Jest says of the test. */
function ran(title: string, status: "passed" | "failed" | "skipped", failureClass?: string): readonly RunEventBody[] {
  const about = { file: FILE, test: title, attempt: 1 };
  const errors = status === "failed" ? ["Error: no"] : [];
  return [
    { kind: "test-start", ...about },
    {
      kind: "test-end",
      ...about,
      status,
      durationMs: 1,
      errors,
      ...(failureClass && { failureClass }),
    } as RunEventBody,
    {
      ...{ kind: "test-result", file: FILE, ancestors: [], title, status, durationMs: 1 },
      ...{ invocations: 1, failures: errors, retries: [] },
    },
  ];
}

function junit(...bodies: readonly RunEventBody[]): { readonly run: Counts; readonly suites: readonly Counts[] } {
  const head: RunEventBody = { kind: "run-started", project: "p", rootDir: "/p", version: "0", argv: [] };
  const events = [head, ...bodies].map((body, at) => ({ atMs: 1_000 + at, pid: 7, ...body }));
  const options = { ignoreAttributes: false, attributeNamePrefix: "", parseAttributeValue: true };
  const parser = new XMLParser({ ...options, isArray: (name) => name === "testsuite" });
  const xml = [...junitXml(buildModel(events, "/p/avf-results/run"))].join("");
  const { testsuites } = parser.parse(xml) as { testsuites: Counts & { testsuite: readonly Counts[] } };
  return { run: testsuites, suites: testsuites.testsuite };
}

test("the run counts what its suites count: a broken lab, a test that was cut off and a broken file are errors", () => {
  const { run, suites } = junit(
    ...ran("passes", "passed"),
    ...ran("fails", "failed", "test"),
    ...ran("has no lab", "failed", "infrastructure"),
    ...ran("is left out", "skipped"),
    { kind: "file-result", file: "/p/broken.test.ts", failure: "SyntaxError: no" },
    { kind: "test-start", file: FILE, test: "is cut off", attempt: 1 },
  );
  expect(suites).toMatchObject([
    { tests: 5, failures: 1, errors: 2, skipped: 1 },
    { tests: 1, failures: 0, errors: 1, skipped: 0 },
  ]);
  expect(run).toMatchObject({ tests: 6, failures: 1, errors: 3, skipped: 1 });
});
