/** What a command does when its output cannot be written any more: `avf run x.apk | head -2`, a full disk behind `>`. */
import { constants } from "node:os";
import { InterruptedError } from "./interrupted-error.js";

const lost = new AbortController();
let exitCode = 0;

/**
 * Aborted when nothing can be written to stdout any more: results are for nobody then, so work ends in order. A stderr
 * that is closed ends nothing, for only progress and hints are lost.
 */
export const stdoutLost: AbortSignal = lost.signal;

/** To be called before anything is written. Without it Node ends the process with a stack, and nothing is cleaned up. */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (lost.signal.aborted) return;
    exitCode = judge(error);
    lost.abort(new InterruptedError("SIGPIPE"));
    // The command may be over already: what it wrote last is refused only now.
    if (process.exitCode === 0) process.exitCode = exitCode;
  });
  process.stderr.on("error", () => undefined);
}

/** Exit code of a command that returned `code`. What it has to tell comes before the loss of its output. */
export function exitCodeOf(code: number): number {
  return code === 0 ? exitCode : code;
}

/** A reader that went away is what shells know as an end by SIGPIPE; anything else is reported. */
function judge(error: NodeJS.ErrnoException): number {
  if (error.code === "EPIPE") return 128 + constants.signals.SIGPIPE;
  process.stderr.write(`avf: stdout cannot be written: ${error.message}\n`);
  return 1;
}
