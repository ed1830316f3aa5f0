/**
 * Checkpoints of a device that was made for us: snapshots that the orchestrator has `cvd` take, and its powerwash. They end
 * with the device. VMs cannot run in one: nothing could take the place of their clients afterwards.
 */
import { InfrastructureError, UsageError } from "../../../base/errors.js";
import { connectTcpDevice, disconnectTcpDevice } from "../../../device/index.js";
import type { Rewinding, SavedDevice } from "../../sources/device-source.js";
import type { Cvd } from "../api/answers.js";
import type { Orchestrator, Wait } from "../api/orchestrator.js";
import { newSnapshotId, removeSnapshot } from "./snapshots.js";

interface RewindingOptions {
  readonly cvd: Cvd;
  /** As adb has it. */
  readonly serial: string;
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
const CONNECT_TIMEOUT_MS = 60_000;

export function cuttlefishRewinding(orchestrator: Orchestrator, options: RewindingOptions): Rewinding {
  const { cvd, serial, leave, onSnapshot, onLost, onWait } = options;
  const path = `cvds/${cvd.group}/${cvd.name}`;
  const wait = (signal?: AbortSignal): Wait => ({ timeoutMs: OPERATION_TIMEOUT_MS, signal, onWait });
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
        await requireRunning(orchestrator, cvd).catch(onLost);
        throw error;
      }
      return { folder: id, note, identity: id };
    },
    drop: ({ identity }) => removeSnapshot(orchestrator, identity, wait()),
    restore: async (saved, signal) => {
      await leave();
      await disconnectTcpDevice(serial);
      await goTo(saved, operate, signal);
      await requireRunning(orchestrator, cvd, signal);
      await connectTcpDevice(serial, { timeoutMs: CONNECT_TIMEOUT_MS, signal });
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

/** Where it was: its adb port is part of the serial. A snapshot that fails may leave it suspended. */
async function requireRunning(
  orchestrator: Orchestrator,
  { group, name, adbPort }: Cvd,
  signal?: AbortSignal,
): Promise<void> {
  const now = (await orchestrator.group(group, signal))?.find((cvd) => cvd.name === name);
  if (now !== undefined && /^running$/i.test(now.status) && now.adbPort === adbPort) return;
  const is = now === undefined ? "gone" : `${now.status}, with adb port ${now.adbPort}`;
  throw new InfrastructureError("LAB_NO_DEVICE", `Device ${group}/${name} is ${is} after it was saved or restored.`, {
    hint: `see on that host: cvd --group_name=${group} status`,
  });
}
