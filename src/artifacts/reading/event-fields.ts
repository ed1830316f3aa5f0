/** Whether a line of a record is an event as events.ts has them: files may come from another machine, and say anything. */
import type { RunEvent } from "../events.js";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
/** Milliseconds, numbers of VMs, exit codes: none is larger, and dates can be made of each. */
const number: Check = (value) => typeof value === "number" && Math.abs(value) <= 4e12;
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const object: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const objects: Check = (value) => Array.isArray(value) && value.every(object);
const words: Check = (value) => object(value) && Object.values(value as object).every(text);
const status: Check = (value) => ["passed", "failed", "skipped", "todo"].includes(value as string);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const test = { file: text, test: text, attempt: number } as const;
const vm = { vm: text, machine: number } as const;

/** What each kind has to have, and of which type what it may have is. Fields that nobody reads are not here. */
const FIELDS: Readonly<Record<RunEvent["kind"], Readonly<Record<string, Check>>>> = {
  "process-started": { wallMs: number, worker: optional(text), host: optional(text) },
  "record-full": {},
  "output-omitted": { lines: number, machine: optional(number) },
  "device-leased": { serial: text, device: text, properties: optional(words) },
  "device-released": { serial: text },
  "checkpoint-saved": { checkpoint: text, durationMs: number },
  "device-restored": { checkpoint: text, durationMs: number },
  "checkpoint-booted": { checkpoint: text, durationMs: number, why: optional(text) },
  "device-call": { call: text, argv: texts, durationMs: number, exitCode: optional(number), failure: optional(text) },
  "device-log": { line: text },
  "file-started": { file: text, project: optional(text) },
  "file-ended": { file: text },
  "test-start": { ...test, occurrence: optional(number) },
  "test-end": {
    ...test,
    ...{ status, durationMs: number, errors: texts, evidence: optional(text), failureClass: optional(text) },
    ...{ skipReason: optional(text), leaks: optional(texts) },
  },
  "test-failed-late": { ...test, occurrence: number, errors: texts, failureClass: text, evidence: optional(text) },
  "hold-started": { file: text, test: text },
  "hold-ended": { reason: text },
  "worker-died": { file: text, test: optional(text) },
  interrupted: { signal: text, test: optional(text) },
  "step-started": { step: number, title: text, category: text },
  "step-ended": { step: number, failure: optional(text) },
  assertion: {
    matcher: text,
    passed: flag,
    durationMs: number,
    vm: optional(text),
    machine: optional(number),
    message: optional(text),
  },
  subtests: { vm: text, run: number, list: number, cases: objects, omitted: number },
  "api-call": { call: text, vm: optional(text), machine: optional(number), args: texts, failure: optional(text) },
  "vm-created": vm,
  "vm-transition": { ...vm, status: text },
  "vm-output": { ...vm, stream: text, line: text },
  "vm-boot-stage": { ...vm, stage: text },
  "vm-event": { ...vm, event: text },
  "run-started": { project: text, rootDir: text, version: text, argv: texts, shard: optional(object) },
  "file-result": { file: text, project: optional(text), failure: optional(text), durationMs: optional(number) },
  "test-result": {
    ...{ file: text, project: optional(text), ancestors: texts, title: text, status, durationMs: number },
    ...{ invocations: number, failures: texts, retries: texts, line: optional(number) },
  },
  "run-ended": { passed: number, failed: number, skipped: number, interrupted: flag },
};

/** The event; undefined when it is none. */
export function checkedEvent(value: unknown): RunEvent | undefined {
  if (!object(value)) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const { kind, atMs, pid } = fields;
  if (typeof kind !== "string" || !number(atMs) || !number(pid)) return undefined;
  // Of a later version: nobody looks at it.
  if (!Object.hasOwn(FIELDS, kind)) return fields as unknown as RunEvent;
  const checks = Object.entries(FIELDS[kind as RunEvent["kind"]]);
  return checks.every(([name, check]) => check(fields[name])) ? (fields as unknown as RunEvent) : undefined;
}
