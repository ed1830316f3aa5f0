/** Waits in the coordinator's own queue until a place is free, and acquires it. */
import { InfrastructureError } from "../../base/errors.js";
import { allOf } from "../../base/text/word-list.js";
import type { LabgridAddress } from "./address.js";
import { describeHolder, goOnLiving, releaseDead, type Life } from "./holders.js";
import { GROUP, STATES, type Place, type Reservation } from "./model.js";
import type { CoordinatorSession } from "./session.js";

export interface TakeOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called once for each holder that is waited for, and for dead ones whose place was released. */
  readonly onWait: (message: string) => void;
}

/** The coordinator forgets a reservation that nobody asked for in 60 s. */
const POLL_MS = 5_000;
/** Asks for all reservations, which are many in a large lab. */
const LOOK_FOR_DEAD_MS = 15_000;

/** @returns the place, with its resources acquired, and the life that others know its holder by */
export async function takePlace(
  session: CoordinatorSession,
  wanted: LabgridAddress,
  life: Life,
  options: TakeOptions,
): Promise<{ readonly place: Place; readonly life: Life }> {
  const { filter } = findPlaces(session, wanted);
  let turn = await session.reserve(filter);
  try {
    turn = await awaitTurn(session, turn, filter, life, options);
    // The wait may have been longer than a life, and a holder without one is dead to those who still wait.
    const goesOn = await goOnLiving(session, life);
    const name = turn.allocations[GROUP] ?? "";
    await session.acquire(name);
    const place = session.places.get(name);
    if (place !== undefined) return { place, life: goesOn };
    throw new InfrastructureError("LAB_NO_PLACE", `Place ${name} was taken off the coordinator.`);
  } finally {
    // Once acquired, the place is ours without it; else others are next.
    await session.cancel(turn.token).catch(() => undefined);
  }
}

/**
 * The holders of taken places.
 * @throws InfrastructureError `LAB_NO_PLACE` when there is no such place, so that no wait would help
 */
export function findPlaces(
  session: CoordinatorSession,
  wanted: LabgridAddress,
): { readonly places: readonly Place[]; readonly filter: Readonly<Record<string, string>> } {
  const filter = wanted.place === undefined ? wanted.tags : { name: placeNamed(session, wanted.place) };
  const places = matching(session, filter);
  if (places.length === 0) throw noPlace(session, filter);
  return { places, filter };
}

async function awaitTurn(
  session: CoordinatorSession,
  first: Reservation,
  filter: Readonly<Record<string, string>>,
  life: Life,
  { timeoutMs, signal, onWait }: TakeOptions,
): Promise<Reservation> {
  const deadlineMs = performance.now() + timeoutMs;
  const told = new Set<string>();
  // Wait a moment first: a holder that is giving its place back is not reported.
  let lookMs = performance.now() + Math.random() * 2_000;
  for (let turn = first; ; turn = await session.poll(turn.token)) {
    if (turn.state === STATES.allocated || turn.state === STATES.acquired) return turn;
    if (turn.state === STATES.expired || turn.state === STATES.invalid) {
      throw new InfrastructureError("LAB_REFUSED", `The coordinator ended the reservation ${turn.token}.`, {
        hint: "see whether the place was deleted, and try again",
      });
    }
    const taken = matching(session, filter).filter(({ acquired = "" }) => acquired !== "");
    const holders = taken.map((place) => describeHolder(place, life.clockOffMs));
    if (performance.now() >= deadlineMs) throw allTaken(holders, filter);
    if (performance.now() >= lookMs) {
      lookMs = performance.now() + LOOK_FOR_DEAD_MS * (1 + Math.random() / 2);
      const released = await releaseDead(session, taken);
      for (const { place, holder } of released) onWait(`${place} was released: ${holder}, which had it, is dead`);
      if (released.length > 0) continue;
      for (const [index, { name, acquired }] of taken.entries()) {
        const key = `${name} ${acquired}`;
        if (!told.has(key)) onWait(`Waiting for a place: ${holders[index]}`);
        told.add(key);
      }
    }
    await session.untilChange(Math.min(POLL_MS, Math.max(1, deadlineMs - performance.now())), signal);
  }
}

function matching(session: CoordinatorSession, filter: Readonly<Record<string, string>>): readonly Place[] {
  const wants = Object.entries(filter);
  return [...session.places.values()].filter((place) =>
    wants.every(([key, value]) => (key === "name" ? place.name === value : place.tags[key] === value)),
  );
}

function placeNamed({ places }: CoordinatorSession, wanted: string): string {
  const byAlias = [...places.values()].find(({ aliases }) => aliases.includes(wanted));
  return places.has(wanted) ? wanted : (byAlias?.name ?? wanted);
}

function noPlace(session: CoordinatorSession, filter: Readonly<Record<string, string>>): InfrastructureError {
  const names = [...session.places.keys()].sort();
  const some =
    names.length > 10 ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} others` : names.join(", ");
  return new InfrastructureError(
    "LAB_NO_PLACE",
    `The coordinator at ${session.coordinator} has no place with ${describe(filter)}.`,
    {
      hint:
        names.length === 0
          ? "it has no places at all"
          : `it has ${some}; see labgrid-client -x ${session.coordinator} places`,
    },
  );
}

function allTaken(holders: readonly string[], filter: Readonly<Record<string, string>>): InfrastructureError {
  const who = holders.length === 0 ? "others were before us" : holders.join("; ");
  return new InfrastructureError("DEVICE_BUSY", `No place with ${describe(filter)} became free: ${who}.`, {
    hint: "wait for them, or allow more time with leaseTimeoutMs",
  });
}

function describe(filter: Readonly<Record<string, string>>): string {
  return allOf(
    Object.entries(filter).map(([key, value]) => (key === "name" ? `the name ${value}` : `tag ${key}=${value}`)),
  );
}
