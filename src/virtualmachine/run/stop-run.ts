/** Ends a run: asks the service to kill the VM, then waits until its last event was delivered. */
import { withDeadline } from "../../base/deadline.js";
import type { RunSession } from "./run-session.js";

/** The service kills at once; the rest is for a device that is busy. */
const STOP_TIMEOUT_MS = 60_000;

export async function stopRun(session: RunSession, name: string, afterRun: () => Promise<void>): Promise<void> {
  await withDeadline(`VM "${name}" to be gone after it was stopped`, { timeoutMs: STOP_TIMEOUT_MS }, async () => {
    await session.handle?.stop();
    await session.handle?.died;
    await afterRun();
  });
}
