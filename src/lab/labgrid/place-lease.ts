/** A place that is ours: kept through what happens to the coordinator, until it is released. */
import { sleep } from "../../base/deadline.js";
import { describeError, InfrastructureError, isHarnessError } from "../../base/errors.js";
import { startGuardian, type Guardian } from "../guardian/guardian.js";
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
    const life = await beginLife(session);
    const place = await takePlace(session, wanted, life, options);
    return new KeptPlace(session, life, place, options.onWait);
  } catch (error) {
    await endLives(session).catch(() => undefined);
    session.close();
    throw error;
  }
}

class KeptPlace implements PlaceLease {
  readonly resources: readonly Resource[];
  readonly #lost = new AbortController();
  readonly #end = new AbortController();
  readonly #keeping: Promise<void>;
  readonly #guardian: Guardian;
  #releasing: Promise<void> | undefined;

  constructor(
    private session: CoordinatorSession,
    private life: Life,
    readonly place: Place,
    private readonly tell: (message: string) => void,
  ) {
    this.resources = place.acquiredResources.flatMap((path) => session.resources.get(path) ?? []);
    const { coordinator, name: holder } = session;
    const guarded: GuardedPlace = { coordinator, place: place.name, holder };
    this.#guardian = startGuardian("lab/labgrid/guardian-main.js", guarded);
    this.#keeping = this.#keep();
  }

  get name(): string {
    return `place ${this.place.name}`;
  }

  get holder(): string {
    return this.session.name;
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
    const limit = AbortSignal.timeout(RELEASE_TIMEOUT_MS);
    try {
      if (this.session.ended.aborted) this.session = await this.#reopen(limit);
      await this.session.release(this.place.name, this.holder);
      await endLives(this.session);
      this.#guardian.dismiss();
    } catch (error) {
      // The guardian goes on trying when this process ends.
      this.tell(`${this.place.name} could not be given back yet: ${describeError(error)}`);
    } finally {
      this.session.close();
    }
  }

  /** Ends when the place is released, or lost. */
  async #keep(): Promise<void> {
    const { signal } = this.#end;
    let told = false;
    while (!signal.aborted && !this.lost.aborted) {
      try {
        const isNew = this.session.ended.aborted;
        if (isNew) this.session = await this.#reopen(signal);
        await this.#renew(isNew);
        if (told) this.tell(`${this.place.name} is ours again at the coordinator`);
        told = false;
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isHarnessError(error) && error.code === "LEASE_LOST") return this.#lost.abort(error);
        if (!told) this.tell(`${describeError(error)}; going on with ${this.place.name}, and trying again`);
        told = true;
        await sleep(RECONNECT_MS, signal).catch(() => undefined);
      }
    }
  }

  #reopen(signal: AbortSignal): Promise<CoordinatorSession> {
    return CoordinatorSession.open(this.session.coordinator, this.session.name, signal);
  }

  /** @param isNew the coordinator may have been started again, and then has forgotten who has what */
  async #renew(isNew: boolean): Promise<void> {
    const { session } = this;
    const goesOn = await goOnLiving(session, this.life).catch((error: unknown) => {
      if (isHarnessError(error) && error.code === "LAB_REFUSED") return false;
      throw error;
    });
    // Before the look at the place: without a life it may be taken from us at any moment.
    if (!goesOn) this.life = await beginLife(session);
    await session.sync();
    if (isNew && isFree(session.places.get(this.place.name))) await session.acquire(this.place.name);
    this.#requireOurs();
  }

  /** Until it is time to renew. */
  async #watch(signal: AbortSignal): Promise<void> {
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
