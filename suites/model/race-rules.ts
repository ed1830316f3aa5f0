/** Rules for the calls of two processes that raced for the same names. */
import type { RaceCall } from "./race";

/** Possible results of a call, whatever the other process does. */
const ALWAYS: Readonly<Record<RaceCall["call"], readonly string[]>> = {
  create: ["ok", "VM_EXISTS"],
  get: ["ok", "null"],
  delete: ["ok", "VM_NOT_FOUND", "VM_DELETED", "VM_NOT_STOPPED"],
  run: ["ok", "VM_DELETED"],
  stop: ["ok"],
};

/** The rules that were broken, each as a sentence; empty when all hold. */
export function brokenRules(calls: readonly RaceCall[]): readonly string[] {
  return [...unexplained(calls), ...madeTwice(calls), ...sharedCids(calls)];
}

/** A failure needs an explanation: the other process made or deleted that very VM at that time. */
function unexplained(calls: readonly RaceCall[]): string[] {
  return calls
    .filter(({ call, outcome }) => !ALWAYS[call].includes(outcome))
    .filter((one) => one.call === "stop" || !calls.some((other) => meddles(other, one)))
    .map((one) => `${show(one)} failed, and nobody else touched ${one.name} then`);
}

function meddles(other: RaceCall, one: RaceCall): boolean {
  const changes = other.call === "create" || other.call === "delete";
  return changes && other.process !== one.process && other.name === one.name && overlap(other, one);
}

/** Between two successful creates of a name it must have been deleted. */
function madeTwice(calls: readonly RaceCall[]): string[] {
  const made = calls.filter(({ call, outcome }) => call === "create" && outcome === "ok");
  const deleted = calls.filter(({ call, outcome }) => call === "delete" && outcome !== "VM_NOT_FOUND");
  return made.flatMap((first) => {
    const next = made
      .filter((c) => c.name === first.name && c.endMs > first.endMs)
      .sort((a, b) => a.endMs - b.endMs)[0];
    if (next === undefined) return [];
    const span = { startMs: first.startMs, endMs: next.endMs };
    if (deleted.some((d) => d.name === first.name && overlap(d, span))) return [];
    return [`${show(first)} and ${show(next)} both made it, and nobody deleted it in between`];
  });
}

/** Two VMs that run at the same time have different CIDs. */
function sharedCids(calls: readonly RaceCall[]): string[] {
  const runs = calls
    .filter(({ call, outcome }) => call === "run" && outcome === "ok")
    .map((run) => ({ ...run, endMs: stopOf(run, calls)?.startMs ?? Infinity, startMs: run.endMs }));
  return runs.flatMap((run, i) =>
    runs
      .slice(i + 1)
      .filter((other) => overlap(run, other) && (run.cid === undefined || run.cid === other.cid))
      .map((other) => `${show(run)} and ${show(other)} ran at once with CID ${String(run.cid)}`),
  );
}

function stopOf(run: RaceCall, calls: readonly RaceCall[]): RaceCall | undefined {
  const later = calls.filter((c) => c.call === "stop" && c.process === run.process && c.name === run.name);
  return later.find(({ startMs }) => startMs >= run.endMs);
}

function overlap(a: Span, b: Span): boolean {
  return a.startMs < b.endMs && b.startMs < a.endMs;
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

function show({ process, call, name, outcome, words, startMs, endMs }: RaceCall): string {
  const times = `${startMs.toFixed(0)}-${endMs.toFixed(0)} ms`;
  return `${process}.${call}("${name}") at ${times}: ${outcome}${words === "" ? "" : ` ${words}`}`;
}
