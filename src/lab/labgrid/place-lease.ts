/** A place that is ours: kept through what happens to the coordinator, until it is released. */
import { InfrastructureError } from "../../base/errors.js";
import { startGuardian } from "../guardian/guardian.js";
import { keepLease, type KeptLease } from "../lease/kept-lease.js";
import type { LabgridAddress } from "./address.js";
import type { GuardedPlace } from "./guardian-main.js";
import { beginLife, endLives, goOnLiving, leaseName, type Life } from "./holders.js";
import type { Place, Resource } from "./model.js";
import { CoordinatorSession } from "./session.js";
import { takePlace, type TakeOptions } from "./take-place.js";

export interface PlaceLease {
  /** For people. */
  readonly name: string;
  readonly place: Place;
  /** By which the coordinator knows who has it. */
  readonly holder: string;
  /** Those that were acquired with the place. */
  readonly resources: readonly Resource[];
  /** Aborted when somebody else has the place. */
  readonly lost: AbortSignal;
  /** Repeatable, never rejects. */
  release(): Promise<void>;
}

/** A life lasts 60 s. */
const RENEW_MS = 15_000;
const RECONNECT_MS = 2_000;
const RELEASE_TIMEOUT_MS = 10_000;

export async function leasePlace(wanted: LabgridAddress, options: TakeOptions): Promise<PlaceLease> {
  const holder = leaseName();
  const session = await CoordinatorSession.open(wanted.coordinator, holder, options.signal);
  try {
    const { place, life } = await takePlace(session, wanted, await beginLife(session), options);
    return new KeptPlace(session, life, place, options.onWait);
  } catch (error) {
    await endLives(session).catch(() => undefined);
    session.close();
    throw error;
  }
}

class KeptPlace implements PlaceLease {
  readonly holder: string;
  readonly resources: readonly Resource[];
  readonly #lease: KeptLease;
  #hasRenewed = false;
  #mayBeForgotten = false;

  constructor(
    private session: CoordinatorSession,
    private life: Life,
    readonly place: Place,
    tell: (message: string) => void,
  ) {
    const { coordinator, name: holder } = session;
    this.holder = holder;
    this.resources = place.acquiredResources.flatMap((path) => session.resources.get(path) ?? []);
    const guarded: GuardedPlace = { coordinator, place: place.name, holder };
    this.#lease = keepLease({
      name: place.name,
      guard: () => startGuardian("lab/labgrid/guardian-main.js", guarded),
      renewal: {
        untilDue: (signal) => this.#untilDue(signal),
        renew: (signal) => this.#renew(signal),
        retryMs: RECONNECT_MS,
        succeedsAgain: `${place.name} is ours again at the coordinator`,
      },
      giveBack: () => this.#giveBack(),
      tell,
    });
  }

  get name(): string {
    return `place ${this.place.name}`;
  }

  get lost(): AbortSignal {
    return this.#lease.lost;
  }

  release(): Promise<void> {
    return this.#lease.release();
  }

  async #giveBack(): Promise<void> {
    try {
      if (this.session.ended.aborted) this.session = await this.#reopen(AbortSignal.timeout(RELEASE_TIMEOUT_MS));
      await this.session.release(this.place.name, this.holder);
      await endLives(this.session);
    } finally {
      this.session.close();
    }
  }

  #reopen(signal: AbortSignal): Promise<CoordinatorSession> {
    this.session.close();
    return CoordinatorSession.open(this.session.coordinator, this.holder, signal);
  }

  async #renew(signal: AbortSignal): Promise<void> {
    if (this.session.ended.aborted) {
      this.session = await this.#reopen(signal);
      // The coordinator may have been started again, and then has forgotten who has what.
      this.#mayBeForgotten = true;
    }
    const { session } = this;
    // Before the look at the place: without a life it may be taken from us at any moment.
    this.life = await goOnLiving(session, this.life);
    await session.sync();
    if (this.#mayBeForgotten && isFree(session.places.get(this.place.name))) await session.acquire(this.place.name);
    this.#requireOurs();
    this.#mayBeForgotten = false;
    this.#hasRenewed = true;
  }

  /** At once for the first time: the wait for the place may have taken longer than a life lasts. */
  async #untilDue(signal: AbortSignal): Promise<void> {
    if (!this.#hasRenewed) return;
    const untilMs = performance.now() + RENEW_MS;
    for (let leftMs = RENEW_MS; leftMs > 0; leftMs = untilMs - performance.now()) {
      await this.session.untilChange(leftMs, signal);
      this.#requireOurs();
    }
  }

  #requireOurs(): void {
    const { name } = this.place;
    const now = this.session.places.get(name);
    if (now?.acquired === this.holder) return;
    const { acquired = "" } = now ?? {};
    const became =
      now === undefined ? "it was deleted" : acquired === "" ? "it was released" : `${acquired} has it now`;
    throw new InfrastructureError("LEASE_LOST", `The place ${name} is no longer ours: ${became}.`, {
      hint: "the coordinator was out of reach for more than a minute, was started again, or somebody released the place",
    });
  }
}

function isFree(place: Place | undefined): boolean {
  return place !== undefined && (place.acquired ?? "") === "";
}
