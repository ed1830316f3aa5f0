/** Progress as plain lines on stderr: within Jest's output nothing may move the cursor. */
import { printableLine } from "../base/printable.js";
import type { Progress } from "../base/progress.js";

const DETAIL_EVERY_MS = 10_000;

export function plainProgress(): Progress {
  let current = "";
  let lastMs = 0;
  return {
    step: (text) => {
      current = printableLine(text);
      lastMs = performance.now();
      process.stderr.write(`avf: ${current}\n`);
    },
    detail: (text) => {
      if (performance.now() - lastMs < DETAIL_EVERY_MS) return;
      lastMs = performance.now();
      process.stderr.write(`avf: ${current}: ${printableLine(text)}\n`);
    },
  };
}
