/** The state of the workers as lines for a terminal of a given size. */
import { relative } from "node:path";
import pc from "picocolors";
import { formatMs } from "../../base/deadline.js";
import { fit, padEnd } from "./columns.js";
import type { LiveMachine, LiveState, LiveWorker } from "./live-state.js";

export interface Room {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
  /** Paths are shown relative to it. */
  readonly rootDir: string;
}

/** A line as it is, and as it is coloured; colours take no room. */
interface Line {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** At most as many lines as there is room for; VMs that run come before those that do not. */
export function drawLive(state: LiveState, room: Room): readonly string[] {
  const lines = state.workers.flatMap((worker) => workerLines(worker, room));
  const shown = lines.length <= room.rows ? lines : [...lines.slice(0, Math.max(0, room.rows - 1)), more(lines, room)];
  return shown.slice(0, Math.max(0, room.rows)).map(({ text, paint }) => paint(fit(text, room.columns - 1)));
}

function more(lines: readonly Line[], room: Room): Line {
  return { text: `  … ${lines.length - room.rows + 1} lines more`, paint: pc.dim };
}

function workerLines(worker: LiveWorker, room: Room): readonly Line[] {
  const { device, test, machines, file } = worker;
  const lines: Line[] = [{ text: `${worker.worker} ${device ?? "no device yet"}`, paint: pc.bold }];
  if (test !== undefined) {
    const attempt = test.attempt > 1 ? ` (attempt ${test.attempt})` : "";
    const name = `  ${relative(room.rootDir, test.file)} › ${test.name}${attempt}`;
    lines.push({ text: withTime(name, room.nowMs - test.startMs, room.columns - 1), paint: (text) => text });
    for (const step of test.steps.values()) {
      const text = withTime(`    ${step.title}`, room.nowMs - step.startMs, room.columns - 1);
      lines.push({ text, paint: pc.yellow });
    }
  } else if (file !== undefined) {
    lines.push({ text: `  ${relative(room.rootDir, file)}`, paint: pc.dim });
  }
  const sorted = [...machines.values()].sort((a, b) => Number(b.status === "RUNNING") - Number(a.status === "RUNNING"));
  return [...lines, ...sorted.map((machine) => machineLine(machine, room))];
}

function machineLine({ name, status, sinceMs, lastLine }: LiveMachine, { nowMs }: Room): Line {
  const head = `    ${name} ${status} ${formatMs(Math.max(0, nowMs - sinceMs))}`;
  const text = lastLine === "" ? head : `${padEnd(head, 26)}  ${lastLine.replaceAll("\t", " ")}`;
  return { text, paint: status === "RUNNING" ? pc.cyan : pc.dim };
}

/** The time stands at the right, whatever is cut for it. */
function withTime(text: string, ms: number, columns: number): string {
  const time = formatMs(Math.max(0, ms));
  const room = columns - time.length - 1;
  if (room < 10) return text;
  return `${padEnd(fit(text, room), room)} ${time}`;
}
