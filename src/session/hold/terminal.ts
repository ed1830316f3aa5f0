/** The terminal of the run, if it has one: also for workers, whose own input leads nowhere. */
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { ReadStream } from "node:tty";

const TERMINAL = "/dev/tty";

/** False as well for a run in the background: reading there would stop it. */
export function canReadTerminal(): boolean {
  if (!isInForeground()) return false;
  try {
    closeSync(openSync(TERMINAL, constants.O_RDONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/** True once Enter was pressed, false at once where there is no terminal, or when the signal fires. */
export async function waitForEnter(signal: AbortSignal): Promise<boolean> {
  if (!canReadTerminal()) return false;
  const input = new ReadStream(openSync(TERMINAL, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    return await new Promise<boolean>((resolve) => {
      // The terminal hands over a line when Enter is pressed.
      input.on("data", () => resolve(true));
      input.on("error", () => resolve(false));
      signal.addEventListener("abort", () => resolve(false), { once: true });
    });
  } finally {
    input.destroy();
  }
}

/** The kernel says which process group the terminal belongs to. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [, , group, , , foreground] = fields;
    return group !== undefined && group === foreground;
  } catch {
    return false;
  }
}
