/** A use of a device as STF knows it: whether it still exists, and its end. */
import { sleep } from "../../base/deadline.js";
import { InfrastructureError } from "../../base/errors.js";
import type { StfDevice } from "./api/answers.js";
import type { StfServer } from "./api/server.js";

export interface UseOfDevice {
  readonly serial: string;
  /** Of the account. */
  readonly email: string;
  /** Says which use of this account it is, because others may have its token; undefined: STF has not reported it, or never does. */
  readonly since: string | undefined;
}

/** Default. STF answers when the device has, and notes in its database meanwhile what others see. */
const NOTED_WITHIN_MS = 5_000;
const LOOK_MS = 100;

interface IdentifyOptions {
  readonly signal: AbortSignal;
  /** For so long it is waited for that STF says which use it is. Default: 5 s. */
  readonly notedWithinMs?: number | undefined;
}

/** Of a device that was taken just now. @throws InfrastructureError `LEASE_LOST` when it has ended already */
export async function identifyUse(
  server: StfServer,
  email: string,
  serial: string,
  { signal, notedWithinMs = NOTED_WITHIN_MS }: IdentifyOptions,
): Promise<UseOfDevice> {
  const untilMs = performance.now() + notedWithinMs;
  for (;;) {
    const device = await server.device(serial, signal);
    const { owner, usedSince: since } = device ?? {};
    const isLate = performance.now() > untilMs;
    const isOurs = owner?.email === email;
    if (isOurs && (since !== undefined || isLate)) return { serial, email, since };
    if (isLate || (owner !== undefined && !isOurs)) throw lost({ serial, email, since }, device);
    await sleep(LOOK_MS, signal);
  }
}

/** The same without knowing more of it: another run of this account would have to have it by now. */
export async function endNewUse(server: StfServer, email: string, serial: string): Promise<void> {
  const device = await server.device(serial);
  if (device?.owner?.email === email) await server.giveBack(serial);
}

/**
 * @returns the same, with what STF has come to tell of it
 * @throws InfrastructureError `LEASE_LOST` when it has ended
 */
export async function requireUse(server: StfServer, use: UseOfDevice, signal?: AbortSignal): Promise<UseOfDevice> {
  const device = await server.device(use.serial, signal);
  if (device === undefined || !isOf(device, use)) throw lost(use, device);
  return { ...use, since: device.usedSince };
}

/** Gives it back, unless it is somebody else's by now: an administrator's token could end the use of anybody. */
export async function endUse(server: StfServer, use: UseOfDevice, signal?: AbortSignal): Promise<void> {
  const device = await server.device(use.serial, signal);
  if (device === undefined || !isOf(device, use)) return;
  // STF's page would continue showing the address. The end of the use ends connections as well.
  await server.disconnect(use.serial, signal).catch(() => undefined);
  await server.giveBack(use.serial, signal);
}

/** The first use that STF reports for our account is ours: it had the device before, and still has it. */
function isOf({ owner, usedSince }: StfDevice, { email, since }: UseOfDevice): boolean {
  return owner?.email === email && (since === undefined || usedSince === since);
}

function lost({ serial, email }: UseOfDevice, device: StfDevice | undefined): InfrastructureError {
  const { owner } = device ?? {};
  const became =
    device === undefined
      ? "this account may no longer use it"
      : !device.present
        ? "it is no longer plugged in, or off"
        : owner === undefined
          ? "it was given back, or STF heard nothing of us for too long"
          : `${owner.email === email ? "another run of our account" : owner.name} has it now`;
  return new InfrastructureError("LEASE_LOST", `STF's device ${serial} is no longer ours: ${became}.`, {
    hint: "somebody ended its use at STF's own page, or this host could not reach STF for more than a minute",
  });
}
