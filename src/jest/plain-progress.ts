/** Progress as plain lines on stderr: within Jest's output nothing may move the cursor. */
import type { Progress } from "../base/progress.js";

const DETAIL_EVERY_MS = 10_000;

export function plainProgress(): Progress {
  let current = "";
  let lastMs = 0;
  return {
    step: (text) => {
      current = text;
      lastMs = performance.now();
      process.stderr.write(`avf: ${text}\n`);
    },
    detail: (text) => {
      if (performance.now() - lastMs < DETAIL_EVERY_MS) return;
      lastMs = performance.now();
      process.stderr.write(`avf: ${current}: ${text}\n`);
    },
  };
}
