/** A device of STF that is ours: kept while we are heard of, until it is given back. */
import { sleep } from "../../base/deadline.js";
import { startGuardian } from "../guardian/guardian.js";
import { keepLease, type KeptLease } from "../lease/kept-lease.js";
import { readServerKeys, shareAdbKeys } from "./adb-keys.js";
import type { StfAddress } from "./address.js";
import type { GuardedDevice } from "./guardian-main.js";
import { StfServer } from "./api/server.js";
import { takeDevice, type TakeOptions } from "./take-device.js";
import { requireReachable } from "./reachable.js";
import { endNewUse, endUse, identifyUse, requireUse, type UseOfDevice } from "./use-of-device.js";

export interface StfLease {
  /** For people: `0A1B2C at stf.example`. */
  readonly name: string;
  /** Where adb reaches the device: `HOST:PORT`. */
  readonly address: string;
  /** Aborted when somebody else has the device, or nobody. */
  readonly lost: AbortSignal;
  /** Repeatable, never rejects. */
  release(): Promise<void>;
}

export interface LeaseOptions extends Omit<TakeOptions, "leaseMs"> {
  readonly token: string;
  /** How long STF keeps the device for us without activity. Default: 60 s. */
  readonly leaseMs?: number;
  /** Default: a quarter of it, so that three may fail. */
  readonly renewMs?: number;
  /** For so long it is waited for that STF says which use it is. Default: 5 s. */
  readonly notedWithinMs?: number;
  /** Lines of `adb_keys`. Default: those of this host's adb servers. */
  readonly adbKeys?: () => Promise<readonly string[]>;
}

interface Keeping {
  readonly renewMs: number;
  readonly tell: (message: string) => void;
}

const LEASE_MS = 60_000;
const RETRY_MS = 2_000;
const RELEASE_TIMEOUT_MS = 20_000;

export async function leaseStfDevice(wanted: StfAddress, options: LeaseOptions): Promise<StfLease> {
  const { token, leaseMs = LEASE_MS, renewMs = leaseMs / 4, adbKeys = readServerKeys, signal, onWait } = options;
  const server = new StfServer(wanted.server, token);
  const user = await server.user(signal);
  const { serial } = await takeDevice(server, user, wanted.match, { ...options, leaseMs });
  try {
    await shareAdbKeys(server, user, await adbKeys(), options);
    const address = requireReachable(server, serial, await server.connect(serial, signal));
    const use = await identifyUse(server, user.email, serial, options);
    const lease = keepUse(server, token, use, { renewMs, tell: onWait });
    return { name: nameOf(server, use), address, lost: lease.lost, release: () => lease.release() };
  } catch (error) {
    await endNewUse(server, user.email, serial).catch(() => undefined);
    throw error;
  }
}

function keepUse(server: StfServer, token: string, first: UseOfDevice, { renewMs, tell }: Keeping): KeptLease {
  let use = first;
  const lease = keepLease({
    name: nameOf(server, use),
    guard: () => {
      const guarded: GuardedDevice = { server: server.url.href, token, use };
      return startGuardian("lab/stf/guardian-main.js", guarded);
    },
    renewal: {
      untilDue: (signal) => sleep(renewMs, signal),
      renew: async (signal) => {
        // First, for with an administrator's token the second would be a connection to anybody's device.
        const known = await requireUse(server, use, signal);
        const isNews = known.since !== use.since;
        use = known;
        // A guardian that does not know which use is ours could end one of another run.
        if (isNews) lease.guardAnew();
        await server.connect(use.serial, signal);
      },
      retryMs: Math.min(RETRY_MS, renewMs),
      succeedsAgain: `STF answers again; ${nameOf(server, use)} is ours`,
    },
    // When that fails, STF takes it back once it has heard nothing of us for long enough.
    giveBack: () => endUse(server, use, AbortSignal.timeout(RELEASE_TIMEOUT_MS)),
    tell,
  });
  return lease;
}

function nameOf({ host }: StfServer, { serial }: UseOfDevice): string {
  return `${serial} at ${host}`;
}
