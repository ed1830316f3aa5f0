/** What a guardian's program does: its input ends when the process that started it does, whatever way that ends. */
import { text } from "node:stream/consumers";
import { sleep } from "../../base/deadline.js";
import { DISMISSED } from "./guardian.js";

/** After it the lab's own time limit has ended the lease. */
const TRY_MS = 90_000;
const PAUSE_MS = 2_000;

/** @param giveBack is tried again while it rejects */
export async function runGuardian<T>(giveBack: (task: T) => Promise<void>): Promise<void> {
  // A signal to the terminal's group is meant for the process that is watched, whose end then ends this one.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
  const [first = "", last] = (await text(process.stdin)).trim().split("\n");
  if (last === DISMISSED) return;
  const task = JSON.parse(first) as T;
  const untilMs = performance.now() + TRY_MS;
  while (!(await succeeds(giveBack, task)) && performance.now() < untilMs) await sleep(PAUSE_MS);
}

async function succeeds<T>(giveBack: (task: T) => Promise<void>, task: T): Promise<boolean> {
  try {
    await giveBack(task);
    return true;
  } catch {
    return false;
  }
}
