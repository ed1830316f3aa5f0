/**
 * Ctrl-C, SIGTERM and a reader of stdout that went away as an AbortSignal, so that work ends in order; a second signal ends
 * the process at once.
 */
import { constants } from "node:os";
import { exitCodeOf, stdoutLost } from "./output/closed-output.js";
import { InterruptedError } from "./output/interrupted-error.js";

interface Interrupt {
  readonly signal: AbortSignal;
  /** 128 + the signal's number once it came, as shells have it; SIGPIPE's for a reader that went away. */
  readonly exitCode: number | undefined;
  dispose(): void;
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handle = (name: NodeJS.Signals): void => {
    // npm passes Ctrl-C on although the terminal did so already: the second within a moment is that echo.
    if (exitCode !== undefined && performance.now() - firstAt > 300) process.exit(exitCode);
    if (exitCode === undefined) firstAt = performance.now();
    exitCode = 128 + constants.signals[name];
    controller.abort(new InterruptedError(name));
  };
  let firstAt = 0;
  const endWithoutReader = (): void => {
    exitCode ??= exitCodeOf(0);
    controller.abort(stdoutLost.reason);
  };
  const names: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) process.on(name, handle);
  if (stdoutLost.aborted) endWithoutReader();
  else stdoutLost.addEventListener("abort", endWithoutReader);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose: () => {
      for (const name of names) process.off(name, handle);
      stdoutLost.removeEventListener("abort", endWithoutReader);
    },
  };
}
