/** A device that is made for us, and removed when we are done with it, whatever way we end. */
import { sleep } from "../../base/deadline.js";
import { describeError, InfrastructureError, isHarnessError } from "../../base/errors.js";
import { startGuardian, type Guardian } from "../guardian/guardian.js";
import type { Cvd } from "./api/answers.js";
import type { EnvironmentConfig } from "./environment-config.js";
import { noteGroup, type GuardedGroup } from "./notes.js";
import type { Orchestrator, Wait } from "./api/orchestrator.js";
import { ABSENCES, removeGroup } from "./remove-group.js";

export interface CreatedGroup {
  readonly cvd: Cvd;
  /** Repeatable, never rejects. */
  remove(): Promise<void>;
}

interface CreateOptions extends Wait {
  /** As the user wrote it: what a guardian asks. */
  readonly address: string;
  readonly onWait: (message: string) => void;
}

interface Removal {
  readonly guardian: Guardian;
  readonly note: { done(): void };
  readonly tell: (message: string) => void;
  readonly absences: number | undefined;
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
  const guardian = startGuardian("lab/cuttlefish/guardian-main.js", guarded);
  let removing: Promise<void> | undefined;
  const remove = (absences?: number): Promise<void> =>
    (removing ??= removeOwn(orchestrator, group, { guardian, note, tell: onWait, absences }));
  try {
    const cvd = await create(orchestrator, group, body, options);
    return { cvd, remove: () => remove() };
  } catch (error) {
    // `cvd load` may be about to register it: the orchestrator answers before that.
    await remove(ABSENCES);
    throw error;
  }
}

async function create(orchestrator: Orchestrator, group: string, body: object, options: CreateOptions): Promise<Cvd> {
  try {
    await orchestrator.operate("POST", "cvds", { env_config: body }, options);
  } catch (error) {
    if (!isHarnessError(error) || error.code !== "LAB_FORGOTTEN") throw error;
    // `cvd load` goes on without the orchestrator that began it.
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

async function removeOwn(
  orchestrator: Orchestrator,
  group: string,
  { guardian, note, tell, absences }: Removal,
): Promise<void> {
  try {
    await removeGroup(orchestrator, group, { timeoutMs: REMOVE_TIMEOUT_MS }, absences);
    guardian.dismiss();
    note.done();
  } catch (error) {
    // The guardian goes on trying when this process ends, and the next run after it.
    tell(`${group} could not be removed yet: ${describeError(error)}`);
  }
}
