/** Records of runs as shards on other hosts leave them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEventBody, ShardOfRun, TestStatus } from "../../../artifacts/events.js";

export interface MadeTest {
  readonly file: string;
  readonly name: string;
  /** Undefined: it had begun when the run was cut short. */
  readonly status?: TestStatus;
  readonly evidence?: string;
  /** How many lines its VM prints. */
  readonly lines?: number;
}

export interface MadeRun {
  readonly id?: string;
  readonly host: string;
  readonly shard?: ShardOfRun;
  readonly wallMs: number;
  readonly commit?: string;
  readonly cutShort?: boolean;
  readonly tests: readonly MadeTest[];
  /** Added as they are. */
  readonly more?: readonly unknown[];
}

const ROOT = "/home/ci/project";
const PID = 4242;
/** Hosts have been up for different times. */
const UP_MS = 1_000_000;

/** Each test takes a second. */
export function makeRun(folder: string, made: MadeRun): void {
  const { id, host, shard, wallMs, commit, tests } = made;
  const upMs = UP_MS * (host.length + 1);
  const lines: string[] = [];
  const add = (atMs: number, body: RunEventBody): void => {
    lines.push(JSON.stringify({ atMs: upMs + atMs, pid: PID, ...body }));
  };
  add(0, { kind: "process-started", wallMs, host, worker: "1" });
  add(0, {
    ...{ kind: "run-started", project: "project", rootDir: ROOT, version: "1", argv: ["--shard=1/2", "-w", "1"], host },
    ...(id === undefined ? {} : { id }),
    ...(shard === undefined ? {} : { shard }),
    ...(commit === undefined ? {} : { commit }),
  });
  add(1, { kind: "device-leased", serial: `serial-${host}`, device: `phone of ${host}`, durationMs: 1 });
  for (const [at, test] of tests.entries()) oneTest(test, 10 + at * 1_000, add);
  const failed = tests.filter(({ status }) => status === "failed").length;
  if (made.cutShort !== true) {
    const counts = { passed: tests.length - failed, failed, skipped: 0 };
    add(10 + tests.length * 1_000, { kind: "run-ended", ...counts, success: failed === 0, interrupted: false });
  }
  mkdirSync(folder, { recursive: true });
  const text = [...lines, ...(made.more ?? []).map((event) => JSON.stringify(event))].join("\n");
  writeFileSync(join(folder, `events-${PID}.jsonl`), `${text}\n`);
}

function oneTest(test: MadeTest, startMs: number, add: (atMs: number, body: RunEventBody) => void): void {
  const { name, status, evidence, lines = 1 } = test;
  const file = join(ROOT, test.file);
  const about = { file, test: name, attempt: 1, occurrence: 1 } as const;
  add(startMs, { kind: "test-start", ...about });
  for (let line = 0; line < lines; line++) {
    const text = `${name} says ${line} ${"x".repeat(100)}`;
    add(startMs + 1, { kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: text });
  }
  if (status === undefined) return;
  const errors = status === "failed" ? [`Error: ${name} went wrong`] : [];
  const saved = evidence === undefined ? {} : { evidence };
  add(startMs + 900, { kind: "test-end", ...about, status, durationMs: 900, errors, ...saved });
  add(startMs + 901, {
    ...{ kind: "test-result", file, ancestors: [], title: name, status, durationMs: 900, invocations: 1 },
    ...{ failures: errors, retries: [] },
  });
  add(startMs + 902, { kind: "file-result", file, durationMs: 950 });
}
