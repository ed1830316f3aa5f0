/** A device that is made for us, and removed when we are done with it, whatever way we end. */
import { sleep } from "../../base/deadline.js";
import { InfrastructureError, isHarnessError } from "../../base/errors.js";
import { startGuardian } from "../guardian/guardian.js";
import { keepLease } from "../lease/kept-lease.js";
import type { Cvd } from "./api/answers.js";
import type { EnvironmentConfig } from "./environment-config.js";
import { noteGroup, type GuardedGroup } from "./notes.js";
import type { Orchestrator, Wait } from "./api/orchestrator.js";
import { removeLeftovers } from "./leftovers.js";
import { ABSENCES } from "./remove-group.js";

export interface CreatedGroup {
  readonly cvd: Cvd;
  /** For all that is done with it: what it begins is waited for, or removed, when the device goes. */
  readonly orchestrator: Orchestrator;
  /** Removed with it. To be called before it is made. */
  addSnapshot(id: string): Promise<void>;
  /** Repeatable, never rejects. */
  remove(): Promise<void>;
}

interface CreateOptions extends Wait {
  /** As the user wrote it: what a guardian asks. */
  readonly address: string;
  readonly onWait: (message: string) => void;
}

const REMOVE_TIMEOUT_MS = 60_000;
const STARTING = /^(?:preparing|starting|stopped)$/i;

export async function createGroup(
  orchestrator: Orchestrator,
  { group, body }: EnvironmentConfig,
  options: CreateOptions,
): Promise<CreatedGroup> {
  const { address, onWait } = options;
  const guarded: GuardedGroup = { address, group };
  // Before there is anything to give back.
  const note = await noteGroup(guarded);
  let absences = 1;
  const lease = keepLease({
    name: group,
    guard: () => startGuardian("lab/cuttlefish/guardian-main.js", guarded),
    // When that fails, and for the guardian as well, the next run on this host tries again.
    giveBack: async () => {
      await removeLeftovers(orchestrator, note.left, REMOVE_TIMEOUT_MS, absences);
      note.done();
    },
    ending: "removed",
    tell: onWait,
  });
  const watched = orchestrator.watched(note);
  try {
    const cvd = await create(watched, group, body, options);
    return { cvd, orchestrator: watched, addSnapshot: (id) => note.addSnapshot(id), remove: () => lease.release() };
  } catch (error) {
    // `cvd load` may be about to register it: the orchestrator answers before that.
    absences = ABSENCES;
    await lease.release();
    throw error;
  }
}

async function create(orchestrator: Orchestrator, group: string, body: object, options: CreateOptions): Promise<Cvd> {
  try {
    await orchestrator.operate("POST", "cvds", { env_config: body }, options);
  } catch (error) {
    if (!isHarnessError(error) || error.code !== "LAB_FORGOTTEN") throw error;
    // `cvd load` continues without the orchestrator that began it.
    await untilStarted(orchestrator, group, options);
  }
  const [cvd, ...more] = (await orchestrator.group(group, options.signal)) ?? [];
  if (cvd !== undefined && more.length === 0 && cvd.adbPort > 0) return cvd;
  const has = cvd === undefined ? "it is not there" : `it is ${cvd.status}, without an adb port`;
  throw new InfrastructureError("LAB_NO_DEVICE", `The device ${group} was made, but ${has}.`, {
    hint: "see cvd fleet on that host",
  });
}

async function untilStarted(orchestrator: Orchestrator, group: string, { timeoutMs, signal }: Wait): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const cvds = (await orchestrator.group(group, signal)) ?? [];
    if (!cvds.some(({ status }) => STARTING.test(status)) || performance.now() > endMs) return;
    await sleep(orchestrator.patience.pollMs, signal);
  }
}
