/** The program that gives a place back when the process that has it dies, for labgrid does not. */
import { runGuardian } from "../guardian/run-guardian.js";
import { endLives } from "./holders.js";
import { CoordinatorSession } from "./session.js";

/** What `place-lease.ts` sends to it. */
export interface GuardedPlace {
  readonly coordinator: string;
  readonly place: string;
  readonly holder: string;
}

async function giveBack({ coordinator, place, holder }: GuardedPlace): Promise<void> {
  const session = await CoordinatorSession.open(coordinator, holder);
  try {
    await session.release(place, holder);
    await endLives(session);
  } finally {
    session.close();
  }
}

void runGuardian(giveBack);
