/** Reports of crashes in a VM's log: what Android's debuggerd writes there, line by line, with tag DEBUG. */
import { printableLine, shortened } from "../../base/printable.js";
import type { OutputLine } from "../lines/line-history.js";

const LINE = /^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +(\d+) +\d+ F DEBUG *: (.*)$/;
const FIRST = /^(?:\*{3} ){15}\*{3}$/;
const FRAMES = /^(\d+) total frames$/;
const FRAME = /^ +#\d+ pc /;
/** A thread has at most 256 frames. */
const MAX_LINES = 400;
/** Of a report that a failure shows: who, why, and the innermost frames. */
const SHOWN = /^(?:pid: |signal |Cause: |Abort message: )|^ +#0[0-7] pc /;
const MAX_SHOWN = 1_000;

interface Open {
  readonly pid: string;
  readonly lines: string[];
  framesLeft: number;
}

/** Finds whole reports among the lines of one VM's log. Other lines may lie between those of a report. */
export class CrashReports {
  #open: Open | undefined;

  /** @returns a report that this line completes */
  line({ stream, text }: OutputLine): string | undefined {
    if (stream !== "log") return undefined;
    const [, pid = "", words = ""] = LINE.exec(text) ?? [];
    if (pid === "") return undefined;
    // One that is cut short by the next is reported as far as it came.
    if (FIRST.test(words)) return this.#begin(pid, words);
    const open = this.#open;
    if (open?.pid !== pid) return undefined;
    open.lines.push(words);
    const frames = FRAMES.exec(words)?.[1];
    if (frames !== undefined) open.framesLeft = Number(frames);
    if (FRAME.test(words)) open.framesLeft--;
    const whole = words === "backtrace:" || FRAME.test(words) ? open.framesLeft <= 0 : open.lines.length === MAX_LINES;
    return whole ? this.end() : undefined;
  }

  /** Nothing more comes. @returns what there is of a report that was not completed */
  end(): string | undefined {
    const text = this.#open?.lines.join("\n");
    this.#open = undefined;
    return text;
  }

  #begin(pid: string, words: string): string | undefined {
    const before = this.end();
    this.#open = { pid, lines: [words], framesLeft: Infinity };
    return before;
  }
}

/** The lines of a report that say the most, for a failure's message. */
export function crashSummary(report: string): readonly string[] {
  return report
    .split("\n")
    .filter((line) => SHOWN.test(line))
    .map((line) => `  ${shortened(printableLine(line.trim()), MAX_SHOWN)}`);
}
