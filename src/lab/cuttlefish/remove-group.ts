/** Removes a group of devices that is ours. */
import { sleep } from "../../base/deadline.js";
import type { Orchestrator, Wait } from "./api/orchestrator.js";

const POLL_MS = 2_000;

/**
 * One that is not there is fine.
 * @param absences so many looks in a row must not find it: one that is being made may come a moment later
 */
export async function removeGroup(orchestrator: Orchestrator, group: string, wait: Wait, absences = 1): Promise<void> {
  for (let absent = 0; ;) {
    if ((await orchestrator.group(group, wait.signal)) === undefined) {
      absent++;
    } else {
      absent = 0;
      await orchestrator.operate("DELETE", `cvds/${group}`, undefined, wait);
    }
    if (absent >= absences) return;
    await sleep(absent === 0 ? 0 : POLL_MS, wait.signal);
  }
}
