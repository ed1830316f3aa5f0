/** A use of a device as STF knows it: whether it goes on, and its end. */
import { InfrastructureError } from "../../base/errors.js";
import type { StfServer } from "./api/server.js";

export interface UseOfDevice {
  readonly serial: string;
  /** Of the account. */
  readonly email: string;
  /** Says which use of this account it is, for others may have its token; undefined: this STF does not tell. */
  readonly since: string | undefined;
}

/** @throws InfrastructureError `LEASE_LOST` when it has ended */
export async function requireUse(server: StfServer, use: UseOfDevice, signal?: AbortSignal): Promise<void> {
  const device = await server.device(use.serial, signal);
  const { owner } = device ?? {};
  if (owner?.email === use.email && device?.usedSince === use.since) return;
  const became =
    device?.present !== true
      ? "it is no longer plugged in, or off"
      : owner === undefined
        ? "it was given back, or STF heard nothing of us for too long"
        : `${owner.email === use.email ? "another run of our account" : owner.name} has it now`;
  throw new InfrastructureError("LEASE_LOST", `STF's device ${use.serial} is no longer ours: ${became}.`, {
    hint: "somebody ended its use at STF's own page, or this host could not reach STF for more than a minute",
  });
}

/** Gives it back, unless it is somebody else's by now: an administrator's token could end the use of anybody. */
export async function endUse(server: StfServer, use: UseOfDevice, signal?: AbortSignal): Promise<void> {
  const device = await server.device(use.serial, signal);
  if (device?.owner?.email !== use.email || device.usedSince !== use.since) return;
  // STF's page would go on showing the address. The end of the use ends connections as well.
  await server.disconnect(use.serial, signal).catch(() => undefined);
  await server.giveBack(use.serial, signal);
}
