/** Removes what a run has made at an orchestrator: its device, snapshots and bug reports, also those that are still being made. */
import { isHarnessError } from "../../base/errors.js";
import { isName } from "./api/answers.js";
import { deleteBugReport } from "./api/bug-reports.js";
import type { Orchestrator } from "./api/orchestrator.js";
import { removeSnapshot } from "./checkpoints/snapshots.js";
import { removeGroup } from "./remove-group.js";

export interface Leftovers {
  readonly group: string;
  /** False: there is no device of that name, one that was there was used. */
  readonly isMade: boolean;
  /** Ids of its snapshots, which the orchestrator keeps when it is removed. */
  readonly snapshots: readonly string[];
  /** Names of operations that may not be over, or whose results may still be there. */
  readonly operations: readonly string[];
  /** So many were asked for and may have been begun. */
  readonly asked: number;
}

/**
 * @param timeoutMs for each of its parts
 * @param absences see `removeGroup`
 * @throws TimeoutError when something is there all the same, or is still being made
 */
export async function removeLeftovers(
  orchestrator: Orchestrator,
  { group, isMade, snapshots, operations, asked }: Leftovers,
  timeoutMs: number,
  absences: number,
): Promise<void> {
  if (isMade) await removeGroup(orchestrator, group, { timeoutMs }, absences);
  // What an operation writes comes after a removal otherwise. Without the device it has not much left to do.
  const others = asked > 0 ? await orchestrator.running() : [];
  const ends = new Set([...operations, ...others]);
  await Promise.all(
    [...ends].map(async (name) => {
      const made = await outcomeOf(orchestrator, name, timeoutMs);
      // Only a bug report is a name; those of others are theirs.
      if (operations.includes(name) && isName(made)) await deleteBugReport(orchestrator.server, made);
    }),
  );
  // `cvd load` may have registered it meanwhile, or `cvd start` again.
  if (isMade && ends.size > 0) await removeGroup(orchestrator, group, { timeoutMs });
  for (const id of snapshots) await removeSnapshot(orchestrator, id, { timeoutMs });
}

/** @returns undefined for one that failed, or is forgotten */
async function outcomeOf(orchestrator: Orchestrator, name: string, timeoutMs: number): Promise<unknown> {
  try {
    return await orchestrator.outcome(name, `operation ${name}`, { timeoutMs });
  } catch (error) {
    if (isHarnessError(error) && ["LAB_REFUSED", "LAB_FORGOTTEN"].includes(error.code)) return undefined;
    throw error;
  }
}
