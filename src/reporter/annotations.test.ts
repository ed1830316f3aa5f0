import { expect, test } from "@jest/globals";
import type { RunEvent, RunEventBody } from "../artifacts/events.js";
import { annotations } from "./annotations.js";
import { buildModel } from "./model/build-model.js";

const BODIES: readonly RunEventBody[] = [
  { kind: "run-started", project: "p", rootDir: "/checkout/packages/vm", version: "0", argv: [] },
  {
    ...{ kind: "test-result", file: "/checkout/packages/vm/a.test.ts", ancestors: [], title: "fails" },
    ...{ status: "failed", durationMs: 1, invocations: 1, failures: ["Error: no"], retries: [], line: 7 },
  },
  { kind: "file-result", file: "/checkout/packages/vm/b.test.ts", failure: "SyntaxError: no" },
];
/** A test that failed and a file that could not run, in a project that is a folder of its checkout. */
const RUN = buildModel(
  BODIES.map((body, at): RunEvent => ({ atMs: 1_000 + at, pid: 7, ...body })),
  "/checkout/packages/vm/avf-results/run",
);

const filesOf = (environment: NodeJS.ProcessEnv): readonly (string | undefined)[] =>
  annotations(RUN, environment).map((line) => /^::error file=([^,:]*)[,:]/.exec(line)?.[1]);

test("failures are shown at their files in the checkout, of which the project may be a folder", () => {
  expect(filesOf({ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: "/checkout" })).toEqual([
    "packages/vm/a.test.ts",
    "packages/vm/b.test.ts",
  ]);
});

test.each([[undefined], [""], ["/elsewhere"]])("where the checkout is not known (%s), from the project", (checkout) => {
  expect(filesOf({ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: checkout })).toEqual(["a.test.ts", "b.test.ts"]);
});

test("nobody but GitHub gets any", () => {
  expect(annotations(RUN, {})).toEqual([]);
});
