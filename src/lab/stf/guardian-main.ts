/** The program that gives a device of STF back when the process that has it dies, before STF's own time limit does. */
import { runGuardian } from "../guardian/run-guardian.js";
import { StfServer } from "./api/server.js";
import { endUse, type UseOfDevice } from "./use-of-device.js";

/** What `device-lease.ts` sends to it. */
export interface GuardedDevice {
  readonly server: string;
  readonly token: string;
  readonly use: UseOfDevice;
}

async function giveBack({ server, token, use }: GuardedDevice): Promise<void> {
  await endUse(new StfServer(new URL(server), token), use);
}

void runGuardian(giveBack);
