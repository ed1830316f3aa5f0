/** A device of STF that is ours: kept while we are heard of, until it is given back. */
import { sleep } from "../../base/deadline.js";
import { describeError, isHarnessError } from "../../base/errors.js";
import { startGuardian, type Guardian } from "../guardian/guardian.js";
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
  /** How long STF keeps the device for us without a word. Default: 60 s. */
  readonly leaseMs?: number;
  /** Default: a quarter of it, so that three may fail. */
  readonly renewMs?: number;
  /** For so long it is waited for that STF says which use it is. Default: 5 s. */
  readonly notedWithinMs?: number;
  /** Lines of `adb_keys`. Default: those of this host's adb servers. */
  readonly adbKeys?: () => Promise<readonly string[]>;
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
    const guard = (of: UseOfDevice): Guardian => {
      const guarded: GuardedDevice = { server: server.url.href, token, use: of };
      return startGuardian("lab/stf/guardian-main.js", guarded);
    };
    return new KeptDevice(server, use, address, guard, renewMs, onWait);
  } catch (error) {
    await endNewUse(server, user.email, serial).catch(() => undefined);
    throw error;
  }
}

class KeptDevice implements StfLease {
  readonly #lost = new AbortController();
  readonly #end = new AbortController();
  readonly #keeping: Promise<void>;
  #guardian: Guardian;
  #releasing: Promise<void> | undefined;

  constructor(
    private readonly server: StfServer,
    private use: UseOfDevice,
    readonly address: string,
    private readonly guard: (use: UseOfDevice) => Guardian,
    private readonly renewMs: number,
    private readonly tell: (message: string) => void,
  ) {
    this.#guardian = guard(use);
    this.#keeping = this.#keep();
  }

  get name(): string {
    return `${this.use.serial} at ${this.server.host}`;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  release(): Promise<void> {
    return (this.#releasing ??= this.#release());
  }

  async #release(): Promise<void> {
    this.#end.abort(new Error("released"));
    await this.#keeping;
    try {
      await endUse(this.server, this.use, AbortSignal.timeout(RELEASE_TIMEOUT_MS));
      this.#guardian.dismiss();
    } catch (error) {
      // The guardian goes on trying when this process ends, and without a word of us STF takes it back.
      this.tell(`${this.name} could not be given back yet: ${describeError(error)}`);
    }
  }

  /** Ends when the device is given back, or lost. */
  async #keep(): Promise<void> {
    const { signal } = this.#end;
    let told = false;
    while (!signal.aborted) {
      try {
        await sleep(told ? Math.min(RETRY_MS, this.renewMs) : this.renewMs, signal);
        // First, for with an administrator's token the second would be a connection to anybody's device.
        this.#know(await requireUse(this.server, this.use, signal));
        await this.server.connect(this.use.serial, signal);
        if (told) this.tell(`STF answers again; ${this.name} is ours`);
        told = false;
      } catch (error) {
        if (signal.aborted) return;
        if (isHarnessError(error) && error.code === "LEASE_LOST") return this.#lost.abort(error);
        if (!told) this.tell(`${describeError(error)}; going on with ${this.name}, and trying again`);
        told = true;
      }
    }
  }

  /** A guardian that does not know which use is ours could end one of another run. */
  #know(use: UseOfDevice): void {
    if (use.since === this.use.since) return;
    this.use = use;
    const before = this.#guardian;
    this.#guardian = this.guard(use);
    before.dismiss();
  }
}
