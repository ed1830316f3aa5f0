/** Waiting in a test for what tells nobody that it happened: a file, a process that ends, text in a buffer. */
import { formatMs } from "../deadline.js";

interface UntilOptions {
  /** Shorter than Jest's own time for the test, so that the error says what was waited for. Default: 20 s. */
  readonly timeoutMs?: number;
  /** Why it can no longer happen, if so, e.g. because the child process that would do it has ended. */
  readonly hopeless?: () => string | undefined;
}

/** The first result of `look` that is neither undefined nor false. @param what names the wait, e.g. `the file to appear` */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { timeoutMs = 20_000, hopeless = () => undefined }: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    // Asked first: what it did before it ended counts.
    const end = hopeless();
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (end !== undefined) throw new Error(`Stopped waiting for ${what}: ${end}`);
    if (performance.now() > endMs) throw new Error(`Timed out after ${formatMs(timeoutMs)} waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
