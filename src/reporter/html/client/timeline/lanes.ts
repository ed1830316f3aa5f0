/** What a test did, laid out in lanes: of the test itself, of each VM, of the calls to the device. */
import type { AttemptData, SpanData, SpanKind } from "../../report-data.js";

export interface Item {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** Names the colour. */
  readonly tone: string;
  /** Of the list of all events, when it is in there. */
  readonly event: number;
}

export interface Lane {
  readonly label: string;
  /** Bars and bands have a length, ticks are moments. */
  readonly shape: "band" | "bar" | "tick";
  readonly items: readonly Item[];
  /** Begins a group: a name stands before it. */
  readonly group?: string;
}

/** An event as the list under the lanes shows it. */
export interface EventRow {
  readonly startMs: number;
  readonly endMs: number;
  readonly kind: string;
  /** Whose it is: a VM's name, or none. */
  readonly source: string;
  readonly text: string;
  readonly detail: string;
  readonly failed: boolean;
}

const MAX_ROWS = 4;
const LABELS: Readonly<Record<SpanKind, string>> = {
  status: "status",
  phase: "boot",
  step: "steps",
  wait: "waits",
  fixture: "fixtures",
  assertion: "assertions",
  checkpoint: "checkpoints",
  api: "calls",
  adb: "adb",
};

/** All that happened, in the order in which it began. */
export function eventRows({ spans, lines, machines }: AttemptData): readonly EventRow[] {
  const source = (machine: number): string => machines[machine]?.name ?? "";
  const ofSpans = spans.map(({ startMs, endMs, kind, machine, text, detail, failed }) => {
    return { startMs, endMs, kind: kind, source: source(machine), text, detail, failed };
  });
  const ofLines = lines.map(([startMs, stream, machine, text]) => {
    return { startMs, endMs: startMs, kind: stream, source: source(machine), text, detail: "", failed: isAlarm(text) };
  });
  return [...ofSpans, ...ofLines].sort((a, b) => a.startMs - b.startMs);
}

/** Words with which kernels and payloads announce their end. */
export function isAlarm(text: string): boolean {
  return /kernel panic|\bBUG:|\boops\b|segfault|\bfatal\b|out of memory|\bpanicked\b|\bSIG(?:SEGV|ABRT)\b/i.test(text);
}

export function lanesOf(attempt: AttemptData, rows: readonly EventRow[]): readonly Lane[] {
  const item = (row: EventRow, event: number): Item => {
    const { startMs, endMs, text } = row;
    return { startMs, endMs, text, tone: toneOf(row), event };
  };
  const pick = (wanted: (row: EventRow) => boolean): readonly Item[] =>
    rows.flatMap((row, event) => (wanted(row) ? [item(row, event)] : []));
  const ofTest = (["fixture", "step", "wait"] as const).flatMap((kind) =>
    bars(
      LABELS[kind],
      pick((row) => row.kind === kind),
    ),
  );
  const assertions = ticks(LABELS.assertion, pick((row) => row.kind === "assertion").map(atEnd));
  const machines = attempt.machines.flatMap(({ name, about }) => {
    const of = (kind: string) => (row: EventRow) => row.source === name && row.kind === kind;
    const lanes = [
      ...bands(
        LABELS.status,
        pick((row) => of("status")(row) && row.endMs > row.startMs),
      ),
      ...bands(LABELS.phase, pick(of("phase"))),
      ...ticks("console", pick(of("console"))),
      ...ticks("log", pick(of("log"))),
      ...ticks(LABELS.assertion, pick(of("assertion")).map(atEnd)),
    ];
    return group(about === "" ? name : `${name} · ${about}`, lanes);
  });
  return [
    ...group("test", [...ofTest, ...assertions]),
    ...machines,
    ...group("host and device", [
      ...bars(
        LABELS.checkpoint,
        pick((row) => row.kind === "checkpoint"),
      ),
      ...bars(
        LABELS.api,
        pick((row) => row.kind === "api"),
      ),
      ...bars(
        LABELS.adb,
        pick((row) => row.kind === "adb"),
      ),
      ...ticks(
        "device log",
        pick((row) => row.kind === "logcat"),
      ),
    ]),
  ];
}

/** An assertion is known by when it was decided. */
function atEnd(item: Item): Item {
  return { ...item, startMs: item.endMs };
}

function toneOf({ kind, text, failed, startMs, endMs }: EventRow): string {
  if (kind === "status") return startMs === endMs ? "mark" : `status-${text.toLowerCase()}`;
  if (kind === "phase") return `phase-${PHASE_TONES[text] ?? "other"}`;
  return failed ? "failed" : kind;
}

const PHASE_TONES: Readonly<Record<string, string>> = {
  "start of the VMM": "start",
  "copy of a template": "start",
  vmm: "start",
  firmware: "start",
  boot: "kernel",
  kernel: "kernel",
  init: "init",
  verified: "other",
  "payload starts": "payload",
  payload: "payload",
  ready: "ready",
};

function group(name: string, lanes: readonly Lane[]): readonly Lane[] {
  return lanes.map((lane, index) => (index === 0 ? { ...lane, group: name } : lane));
}

function bands(label: string, items: readonly Item[]): readonly Lane[] {
  return items.length === 0 ? [] : [{ label, shape: "band", items }];
}

function ticks(label: string, items: readonly Item[]): readonly Lane[] {
  return items.length === 0 ? [] : [{ label, shape: "tick", items }];
}

/** What overlaps goes into further rows; what finds no room in the last one lies over what is there. */
function bars(label: string, items: readonly Item[]): readonly Lane[] {
  const rows: Item[][] = [];
  const ends: number[] = [];
  for (const item of items) {
    const free = ends.findIndex((endMs) => endMs <= item.startMs);
    const row = free >= 0 ? free : Math.min(rows.length, MAX_ROWS - 1);
    (rows[row] ??= []).push(item);
    ends[row] = Math.max(ends[row] ?? 0, item.endMs);
  }
  return rows.map((row, index) => ({ label: index === 0 ? label : "", shape: "bar", items: row }));
}

export function spanKindLabel(kind: string): string {
  return LABELS[kind as SpanKind] ?? kind;
}

export type { SpanData };
