/** Removes a group of devices that is ours. */
import { sleep, withDeadline } from "../../base/deadline.js";
import type { Orchestrator, Wait } from "./api/orchestrator.js";

/** For one whose making may not have reached `cvd` when it was given up, or its maker died: it may come yet. */
export const ABSENCES = 4;

/**
 * One that is not there is fine; one that is there after it was removed is removed again.
 * @param wait for all of it
 * @param absences so many looks in a row must not find it: one that is being made may come a moment later
 * @throws TimeoutError when it is there all the same
 */
export async function removeGroup(orchestrator: Orchestrator, group: string, wait: Wait, absences = 1): Promise<void> {
  const what = `${group} to be gone from the Cuttlefish orchestrator at ${orchestrator.server.orchestrator}`;
  await withDeadline(what, wait, async (signal) => {
    for (let absent = 0, removed = 0; ;) {
      if ((await orchestrator.group(group, signal)) === undefined) {
        absent++;
      } else {
        absent = 0;
        removed++;
        await orchestrator.operate("DELETE", `cvds/${group}`, undefined, { ...wait, signal });
      }
      if (absent >= absences) return;
      await sleep(absent === 0 && removed === 1 ? 0 : orchestrator.patience.pollMs, signal);
    }
  });
}
