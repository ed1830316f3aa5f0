/**
 * Checkpoints of a device that was made for us: snapshots that the orchestrator has `cvd` take, and its powerwash. They end
 * with the device. VMs cannot run in one: nothing could take the place of their clients afterwards.
 */
import { InfrastructureError, UsageError } from "../../../base/errors.js";
import type { Rewinding, SavedDevice } from "../../sources/device-source.js";
import type { Cvd } from "../api/answers.js";
import type { Orchestrator, Wait } from "../api/orchestrator.js";
import { newSnapshotId, removeSnapshot } from "./snapshots.js";

interface RewindingOptions {
  readonly cvd: Cvd;
  /** Waits until adb has an answer of the device. */
  readonly connect: (signal?: AbortSignal) => Promise<void>;
  readonly disconnect: () => Promise<void>;
  /** Lets go of the handle on the device, with its lock. Repeatable. */
  readonly leave: () => Promise<void>;
  /** Told of each snapshot before it is made: somebody has to remove it. */
  readonly onSnapshot: (id: string) => Promise<void>;
  /** Told when the device is of no use any more. */
  readonly onLost: (reason: Error) => void;
  readonly onWait: (message: string) => void;
}

/** A snapshot writes all of the device's memory; a powerwash ends when the device has booted. */
const OPERATION_TIMEOUT_MS = 10 * 60_000;

const FORGET_TIMEOUT_MS = 60_000;

export function cuttlefishRewinding(orchestrator: Orchestrator, options: RewindingOptions): Rewinding {
  const { cvd, connect, disconnect, leave, onSnapshot, onLost, onWait } = options;
  const path = `cvds/${cvd.group}/${cvd.name}`;
  const wait = (signal?: AbortSignal): Wait => ({ timeoutMs: OPERATION_TIMEOUT_MS, signal, onWait });
  const saved = new Set<string>();
  const operate = (what: string, body: object | undefined, signal?: AbortSignal): Promise<unknown> =>
    orchestrator.operate("POST", `${path}/${what}`, body, wait(signal));
  return {
    key: `${orchestrator.server.base} ${cvd.group}/${cvd.name}`,
    savesRunningVms: false,
    find: async () => undefined,
    save: async (_key, note, signal) => {
      const id = newSnapshotId();
      await onSnapshot(id);
      try {
        await operate("snapshots", { snapshot_id: id }, signal);
      } catch (error) {
        // The orchestrator may have left it suspended, which `cvd` calls running: only the device itself tells.
        await connect().catch(onLost);
        throw error;
      }
      saved.add(id);
      return { folder: id, note, identity: id };
    },
    drop: async ({ identity }) => {
      await removeSnapshot(orchestrator, identity, wait());
      saved.delete(identity);
    },
    // Each has all of the device's memory; those that cannot be removed now go with the device.
    forget: async () => {
      const ids = [...saved];
      saved.clear();
      try {
        for (const id of ids) await removeSnapshot(orchestrator, id, { timeoutMs: FORGET_TIMEOUT_MS });
      } catch {
        // An orchestrator that fails at one would hold the file's end for each.
      }
    },
    restore: async (point, signal) => {
      await leave();
      try {
        await disconnect();
        await goTo(point, operate, signal);
        await requireUnmoved(orchestrator, cvd, signal);
        await connect(signal);
      } catch (error) {
        // Somewhere between the two.
        onLost(error as Error);
        throw error;
      }
    },
    goOn: async () => undefined,
    attach: () => {
      throw new UsageError("CANNOT_SAVE", `No VM was saved with ${cvd.group}/${cvd.name}.`);
    },
  };
}

async function goTo(
  saved: SavedDevice | undefined,
  operate: (what: string, body: object | undefined, signal?: AbortSignal) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  if (saved === undefined) await operate(":powerwash", undefined, signal);
  else {
    await operate(":stop", undefined, signal);
    await operate(":start", { snapshot_id: saved.identity }, signal);
  }
}

/** Where it was: its adb port is part of the serial. */
async function requireUnmoved(
  orchestrator: Orchestrator,
  { group, name, adbPort }: Cvd,
  signal?: AbortSignal,
): Promise<void> {
  const now = (await orchestrator.group(group, signal))?.find((cvd) => cvd.name === name);
  if (now !== undefined && /^running$/i.test(now.status) && now.adbPort === adbPort) return;
  const is = now === undefined ? "gone" : `${now.status}, with adb port ${now.adbPort}`;
  throw new InfrastructureError("LAB_NO_DEVICE", `Device ${group}/${name} is ${is} after it was restored.`, {
    hint: `see on that host: cvd --group_name=${group} status`,
  });
}
