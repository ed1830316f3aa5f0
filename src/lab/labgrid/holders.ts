/**
 * Who has a place, and whether they are alive. labgrid keeps a place for its holder until it is released. A
 * reservation, though, ends 60 s after its owner last asked for it. So each of ours who has a place keeps a reservation
 * beside it that no place can fulfil: once that has ended, the holder is dead, whatever host it ran on, and the clock that
 * counts is the coordinator's own.
 */
import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { isHarnessError } from "../../base/errors.js";
import { sinceWhen } from "../../process/locks/file-lock.js";
import { GROUP, STATES, type Place, type Reservation } from "./model.js";
import type { CoordinatorSession } from "./session.js";

/** A tag that no place has. */
const LIFE_TAG = "jest_avf_lease";
const OURS = /^[^/]+\/.*\.jest-avf\.\d+\.[0-9a-f]{8}$/;

/** As labgrid's own client names itself, `host/user`, with a part that makes it another one for each lease. */
export function leaseName(environment: NodeJS.ProcessEnv = process.env): string {
  const host = environment["LG_HOSTNAME"] ?? hostname();
  const user = environment["LG_USERNAME"] ?? userName();
  return `${host}/${user}.jest-avf.${process.pid}.${randomBytes(4).toString("hex")}`;
}

export interface Life {
  readonly token: string;
  /** The coordinator's clock, less ours. */
  readonly clockOffMs: number;
}

/** To be there before a place is acquired, and to be asked for more often than every 60 s. */
export async function beginLife(session: CoordinatorSession): Promise<Life> {
  const { token, created } = await session.reserve({ [LIFE_TAG]: "held" });
  return { token, clockOffMs: created === undefined ? 0 : created * 1000 - Date.now() };
}

/** Puts off its end; once it has ended, another begins, for without one a place may be taken from us at any moment. */
export async function goOnLiving(session: CoordinatorSession, life: Life): Promise<Life> {
  return (await goesOn(session, life)) ? life : beginLife(session);
}

/** `ci-3/anna has lab-1 since 20:31:05 (4 min 10 s ago)`, with the times of this host's clock. */
export function describeHolder({ name, acquired = "", changed }: Place, clockOffMs: number): string {
  const since = changed === undefined ? undefined : new Date(changed * 1000 - clockOffMs).toISOString();
  return `${acquired} has ${name}${sinceWhen(since)}`;
}

/**
 * Releases those of the places whose holders are ours and dead.
 * @returns what was released, for people
 */
export async function releaseDead(
  session: CoordinatorSession,
  places: readonly Place[],
): Promise<readonly { readonly place: string; readonly holder: string }[]> {
  const suspects = places.flatMap(({ name, acquired = "" }) =>
    OURS.test(acquired) ? [{ place: name, holder: acquired }] : [],
  );
  if (suspects.length === 0) return [];
  // After the places, for whoever has one has had a life before.
  const reservations = await session.reservations();
  const living = new Set(reservations.filter(isLiving).map(({ owner }) => owner));
  const dead = suspects.filter(({ holder }) => !living.has(holder));
  for (const { place, holder } of dead) {
    await session.release(place, holder);
    // What it had reserved would be kept for it for another minute.
    for (const { token } of reservations.filter(({ owner }) => owner === holder)) {
      await session.cancel(token).catch(() => undefined);
    }
  }
  return dead;
}

/** All that was reserved under the session's name, which no other session has. */
export async function endLives(session: CoordinatorSession): Promise<void> {
  const mine = (await session.reservations()).filter(({ owner }) => owner === session.name);
  for (const { token } of mine) await session.cancel(token).catch(() => undefined);
}

async function goesOn(session: CoordinatorSession, { token }: Life): Promise<boolean> {
  try {
    const { state = STATES.waiting } = await session.poll(token);
    return state === STATES.waiting;
  } catch (error) {
    if (isHarnessError(error) && error.code === "LAB_REFUSED") return false;
    throw error;
  }
}

function isLiving({ filters, state = STATES.waiting }: Reservation): boolean {
  return filters[GROUP]?.filter[LIFE_TAG] !== undefined && state === STATES.waiting;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user id without a name.
    return String(process.getuid?.() ?? "unknown");
  }
}
