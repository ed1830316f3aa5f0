/** The device of this process: leased for the first test file that needs it, kept for the next ones. */
import type { RunRecord } from "../artifacts/run-record.js";
import type { DeviceSource } from "./sources/device-source.js";
import { openDeviceSession, type DeviceSession } from "./device-session.js";
import { isReleasedAtRunEnd, releaseAtEnd } from "./process-end.js";

interface Kept {
  readonly key: string;
  readonly session: DeviceSession;
  readonly forget: () => void;
}

let kept: Kept | undefined;

/**
 * A device, opened. A kept one is taken if it is alive and was leased for the same `key`.
 * @param key what the file asks of its device
 * @param pristine a used device is put back to its beginning, where it can be
 */
export async function borrowDevice(
  key: string,
  source: DeviceSource,
  options: { readonly signal: AbortSignal; readonly record: RunRecord; readonly pristine: boolean },
): Promise<DeviceSession> {
  if (kept?.key === key && !kept.session.device.gone.aborted) {
    if (options.pristine) await makePristine(kept, options.signal);
    return kept.session;
  }
  await dropDevice();
  const session = await openDeviceSession(source, options);
  const forget = releaseAtEnd(async () => {
    // The next run of this process, as in watch mode, leases one of its own.
    if (kept?.session === session) kept = undefined;
    await session.close();
  }, session.releaseTimeoutMs);
  kept = { key, session, forget };
  return session;
}

/** Nobody else gets it meanwhile; the next file gets another one when this fails. */
async function makePristine(device: Kept, signal: AbortSignal): Promise<void> {
  kept = undefined;
  try {
    await device.session.rewinding?.restore(undefined, signal);
    // Its caller may have given up on it.
    signal.throwIfAborted();
  } catch (error) {
    device.forget();
    await device.session.close();
    throw error;
  }
  kept = device;
}

/** The file is done with it. */
export async function returnDevice(session: DeviceSession): Promise<void> {
  if (session.keepBetweenFiles && isReleasedAtRunEnd() && !session.device.gone.aborted) return;
  if (kept?.session === session) await dropDevice();
}

async function dropDevice(): Promise<void> {
  const old = kept;
  kept = undefined;
  old?.forget();
  await old?.session.close();
}
