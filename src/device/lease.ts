/** One run at a time on a device: a lease by serial, which the death of its holder releases. */
import { join } from "node:path";
import { openCache } from "../base/cache/cache.js";
import { InfrastructureError, isHarnessError } from "../base/errors.js";
import { cacheFolder } from "../base/paths.js";
import { commandToEnd, describeProcess, sinceWhen, takeFileLock, type LockOwner } from "../process/locks/file-lock.js";

export interface DeviceLease {
  readonly serial: string;
  /** Repeatable. */
  release(): void;
}

export interface LeaseOptions {
  /** Tells people which run holds the device. */
  readonly runId: string;
  /** How long to wait for another run to release the device. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once when somebody else holds the device. */
  readonly onWait?: (holder: LockOwner) => void;
}

const held = new Set<DeviceLease>();
let exitHookInstalled = false;

/** Takes the device for this process; waits for a living holder, takes over from a dead one. */
export async function leaseDevice(serial: string, options: LeaseOptions): Promise<DeviceLease> {
  openCache();
  let holder: LockOwner | undefined;
  try {
    const lock = await takeFileLock(leasePath(serial), {
      purpose: `run ${options.runId}`,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      onWait: (owner) => {
        holder = owner;
        options.onWait?.(owner);
      },
    });
    const lease: DeviceLease = {
      serial,
      release: () => {
        if (held.delete(lease)) lock.release();
      },
    };
    keepUntilExit(lease);
    return lease;
  } catch (error) {
    if (!isHarnessError(error) || error.code !== "LOCK_TIMEOUT" || !holder) throw error;
    throw new InfrastructureError("DEVICE_BUSY", `Device ${serial} is in use by ${describeHolder(holder)}.`, {
      cause: error,
      hint: `wait for that run, end it${commandToEnd(holder)}, or choose another device with ANDROID_SERIAL`,
    });
  }
}

/** `process 123 (run jest 120) since 20:31:05 (4 min 10 s ago)`. */
function describeHolder(holder: LockOwner): string {
  return `${describeProcess(holder)} (${holder.purpose})${sinceWhen(holder.since)}`;
}

/** A serial may hold anything, `127.0.0.1:5555` or worse: two serials never share a file, and none leaves the folder. */
export function leasePath(serial: string): string {
  return join(cacheFolder(), "leases", `${asFileName(serial)}.json`);
}

export function asFileName(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, (character) => `%${character.codePointAt(0)?.toString(16) ?? ""}.`);
}

function keepUntilExit(lease: DeviceLease): void {
  held.add(lease);
  if (exitHookInstalled) return;
  exitHookInstalled = true;
  process.on("exit", () => {
    for (const lease of held) lease.release();
  });
}
