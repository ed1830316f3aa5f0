/** Progress of long work: one line that changes on a terminal, a line a step elsewhere. */
import pc from "picocolors";
import { formatMs } from "../base/deadline.js";
import { printableLine } from "../base/printable.js";
import type { Progress } from "../base/progress.js";
import { columnsOf } from "./help.js";

interface ShownProgress extends Progress {
  /** Ends the last step. */
  done(): void;
}

/** Lines elsewhere than on a terminal come at most this often for one step. */
const PLAIN_DETAIL_MS = 10_000;

/** Writes to stderr, so that stdout stays for results. Says nothing at all as long as there is no step. */
export function showProgress(stream: NodeJS.WriteStream = process.stderr): ShownProgress {
  const live = stream.isTTY;
  let current: { text: string; begun: number } | undefined;
  let lastDetail = 0;
  const draw = (text: string): void => {
    stream.write(`\r\x1b[2K${text.slice(0, columnsOf(stream) - 1)}`);
  };
  const finish = (): void => {
    if (!current) return;
    const took = formatMs(performance.now() - current.begun);
    if (live) draw("");
    stream.write(`${live ? pc.green("✓") : "avf:"} ${current.text} ${live ? pc.dim(took) : `(${took})`}\n`);
    current = undefined;
  };
  return {
    step(name) {
      finish();
      const text = printableLine(name);
      current = { text, begun: performance.now() };
      lastDetail = performance.now();
      if (live) draw(`… ${text}`);
      else stream.write(`avf: ${text} …\n`);
    },
    detail(what) {
      if (!current) return;
      const text = printableLine(what);
      if (live) draw(`… ${current.text}: ${text}`);
      else if (performance.now() - lastDetail > PLAIN_DETAIL_MS) {
        lastDetail = performance.now();
        stream.write(`avf:   ${text}\n`);
      }
    },
    note(text) {
      finish();
      stream.write(`${live ? pc.yellow("!") : "avf:"} ${printableLine(text)}\n`);
    },
    done: finish,
  };
}
