import { describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import type { RunEvent, RunEventBody } from "../../artifacts/events.js";
import { buildModel } from "../model/build-model.js";
import { reportPage } from "./page.js";
import type { IndexData, TestData } from "./report-data.js";

const HOSTILE = `</script><img src=x onerror=alert(1)><!-- & "quotes" \u2028 ✗`;

/** A run of one process, an event each millisecond. */
function run(bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({ atMs: 1_000 + index, pid: 7, ...body }));
}

function failingRun(lines: number): RunEvent[] {
  const about = { file: "/p/a.test.ts", test: HOSTILE, attempt: 1 };
  const output = Array.from({ length: lines }, (_line, index): RunEventBody => {
    return { kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: `${index} ${HOSTILE}` };
  });
  return run([
    { kind: "process-started", wallMs: 1_700_000_000_000, worker: "1" },
    { kind: "run-started", project: HOSTILE, rootDir: "/p", version: "0", argv: [] },
    { kind: "test-start", ...about },
    { kind: "vm-created", vm: "vm1", machine: 1 },
    ...output,
    { kind: "test-end", ...about, status: "failed", durationMs: 3, errors: [HOSTILE] },
    { kind: "run-ended", passed: 0, failed: 1, skipped: 0, success: false, interrupted: false },
  ]);
}

const page = (events: readonly RunEvent[]): string =>
  [...reportPage(buildModel(events, "/p/avf-results/run"))].join("");

function data<T>(html: string, id: string): T {
  const [, json] = new RegExp(`<script type="application/json" id="${id}">([^\\n]*)</script>\n`).exec(html) ?? [];
  return JSON.parse(json ?? "null") as T;
}

describe("the page", () => {
  const html = page(failingRun(3));

  test("may run its own script and use its own style, and nothing else, from nowhere", () => {
    const [, policy = ""] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    for (const element of ["script", "style"] as const) {
      const [, content = ""] = new RegExp(`<${element}>([^]*?)</${element}>`).exec(html) ?? [];
      const hash = createHash("sha256").update(content).digest("base64");
      expect(policy).toContain(`${element}-src 'sha256-${hash}'`);
    }
    expect(html).not.toMatch(/(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i);
    expect(html).not.toMatch(/@import|url\(|sourceMappingURL/);
  });

  test("has output of tests and devices as data, which no text in it can escape", () => {
    expect(html).not.toContain("<img");
    expect(html.match(/<!--/g)).toBeNull();
    const index = data<IndexData>(html, "index");
    expect([index.project, index.tests[0]?.title]).toEqual([HOSTILE, HOSTILE]);
    const test = data<TestData>(html, "test-1");
    expect(test.failures).toEqual([HOSTILE]);
    expect(test.attempts[0]?.lines.map(([, , , text]) => text)).toEqual([0, 1, 2].map((line) => `${line} ${HOSTILE}`));
  });

  test("of a run with very many lines keeps the last ones and says how many there were", () => {
    const [attempt] = data<TestData>(page(failingRun(130_000)), "test-1").attempts;
    expect(attempt?.lines.length).toBe(120_000);
    expect(attempt?.droppedLines).toBe(10_000);
    expect(attempt?.lines.at(-1)?.[3]).toMatch(/^129999 /);
  });

  test("shows what is about a VM at that VM, although another one had its name before", () => {
    const about = { file: "/p/a.test.ts", test: "two of one name", attempt: 1 };
    const vm1 = (machine: number) => ({ vm: "vm1", machine });
    const events = run([
      { kind: "run-started", project: "p", rootDir: "/p", version: "0", argv: [] },
      { kind: "test-start", ...about },
      ...[1, 2].flatMap((machine): RunEventBody[] => [
        { kind: "vm-created", ...vm1(machine) },
        { kind: "vm-transition", ...vm1(machine), status: "STOPPED", run: 1, cause: { kind: "created" } },
        { kind: "api-call", call: "run", ...vm1(machine), args: [], durationMs: 0 },
        {
          ...{ kind: "assertion", matcher: "toHaveCid", negated: false, passed: true, durationMs: 0 },
          ...{ ...vm1(machine), received: "vm1", expected: "" },
        },
      ]),
      { kind: "test-end", ...about, status: "passed", durationMs: 3, errors: [] },
    ]);
    const spans = data<TestData>(page(events), "test-1").attempts[0]?.spans ?? [];
    const machinesOf = (kind: string) => spans.filter((span) => span.kind === kind).map(({ machine }) => machine);
    expect([machinesOf("assertion"), machinesOf("api")]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test("has the command of the run as it is typed", () => {
    const argv = ["-t", "vm1 greets", "suites/a.test.ts"];
    const events = run([{ kind: "run-started", project: "p", rootDir: "/p", version: "0", argv }]);
    expect(data<IndexData>(page(events), "index").command).toBe("npx jest -t 'vm1 greets' suites/a.test.ts");
  });

  test("of a run without any event is still a page", () => {
    expect(data<IndexData>(page([]), "index").tests).toEqual([]);
  });
});
