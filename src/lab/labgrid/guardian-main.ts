/** The program of `guardPlace`: its input ends when the process that started it does, whatever way that ends. */
import { text } from "node:stream/consumers";
import { sleep } from "../../base/deadline.js";
import { DISMISSED, type GuardedPlace } from "./guardian.js";
import { endLives } from "./holders.js";
import { CoordinatorSession } from "./session.js";

/** After it the place is taken for that of a dead holder anyway. */
const TRY_MS = 90_000;
const PAUSE_MS = 2_000;

async function main(): Promise<void> {
  const [first = "", last] = (await text(process.stdin)).trim().split("\n");
  if (last === DISMISSED) return;
  const guarded = JSON.parse(first) as GuardedPlace;
  const untilMs = performance.now() + TRY_MS;
  while (!(await giveBack(guarded)) && performance.now() < untilMs) await sleep(PAUSE_MS);
}

async function giveBack({ coordinator, place, holder }: GuardedPlace): Promise<boolean> {
  try {
    const session = await CoordinatorSession.open(coordinator, holder);
    try {
      await session.release(place, holder);
      await endLives(session);
      return true;
    } finally {
      session.close();
    }
  } catch {
    return false;
  }
}

// A signal to the terminal's group is meant for the process that is watched, whose end then ends this one.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
void main();
