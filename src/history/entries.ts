/**
 * What a history file holds: JSON lines. Each run has one of kind `run`, with one of kind `test` for each test that ran, and
 * one of kind `file` for each file. Lines of several runs may be mixed, and files joined by `cat`.
 */

/** How a test ended; one that was skipped has no line. */
export type PastOutcome = "passed" | "failed" | "flaky" | "unfinished";

export interface RunEntry {
  readonly kind: "run";
  readonly run: string;
  /** When it began, in milliseconds since 1970. */
  readonly atMs: number;
  readonly host?: string;
  /** `2/4` */
  readonly shard?: string;
  readonly commit?: string;
  /** The run of the CI system that it was a job of. */
  readonly pipeline?: string;
}

export interface FileEntry {
  readonly kind: "file";
  readonly run: string;
  readonly file: string;
  readonly project?: string;
  readonly durationMs: number;
  readonly failed?: true;
}

export interface TestEntry {
  readonly kind: "test";
  readonly run: string;
  readonly file: string;
  readonly project?: string;
  readonly test: string;
  /** Which of the tests of its name in its file; from 2. */
  readonly occurrence?: number;
  readonly outcome: PastOutcome;
  readonly durationMs: number;
  /** More than one. */
  readonly attempts?: number;
  /** Of its failure: `test`, `product`, `infrastructure`. */
  readonly failureClass?: string;
  readonly bootsMs?: readonly number[];
  readonly device?: string;
  readonly monitor?: string;
}

export type Entry = RunEntry | FileEntry | TestEntry;

/** Longer lines are not ours. */
export const MAX_LINE_BYTES = 32 << 10;
const MAX_TEXT = 4_000;
/** The last moment that a date can be of. */
const LATEST_MS = 8.64e15;
const OUTCOMES: readonly unknown[] = ["passed", "failed", "flaky", "unfinished"] satisfies readonly PastOutcome[];

export function formatEntry(entry: Entry): string {
  return JSON.stringify(entry, (_key, value: unknown) =>
    typeof value === "string" && value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value,
  );
}

/** Undefined for what is none: a line that was cut, or one of a later version. */
export function parseEntry(line: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  return isText(fields["run"]) && isEntry(fields) ? (fields as unknown as Entry) : undefined;
}

/** The same run may be in several files that are joined: equal keys tell of the same thing. */
export function keyOf(entry: Entry): string {
  if (entry.kind === "run") return `run ${entry.run}`;
  return `${entry.run} ${entry.kind === "file" ? fileKey(entry) : testKey(entry)}`;
}

/** @param entry of any run */
export function testKey(entry: Pick<TestEntry, "file" | "project" | "test" | "occurrence">): string {
  return JSON.stringify([entry.file, entry.project ?? "", entry.test, entry.occurrence ?? 1]);
}

/** @param entry of any run */
export function fileKey(entry: Pick<FileEntry, "file" | "project">): string {
  return JSON.stringify([entry.file, entry.project ?? ""]);
}

function isEntry(fields: Readonly<Record<string, unknown>>): boolean {
  const { kind, atMs, file, project, durationMs, test, occurrence, outcome, attempts, bootsMs } = fields;
  const mayBe = (name: string): boolean => fields[name] === undefined || isText(fields[name]);
  if (kind === "run")
    return isTime(atMs) && (atMs as number) <= LATEST_MS && ["host", "shard", "commit", "pipeline"].every(mayBe);
  if (!isText(file) || !isTime(durationMs) || !(project === undefined || isText(project))) return false;
  if (kind === "file") return true;
  const counts = [occurrence, attempts].every((count) => count === undefined || Number.isSafeInteger(count));
  const boots = bootsMs === undefined || (Array.isArray(bootsMs) && bootsMs.every(isTime));
  const texts = ["failureClass", "device", "monitor"].every(mayBe);
  return kind === "test" && isText(test) && OUTCOMES.includes(outcome) && counts && boots && texts;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
