/** Waits until one of STF's devices is free, and takes it. STF has no queue: the first to ask gets it. */
import { sleep } from "../../base/deadline.js";
import { InfrastructureError, isHarnessError } from "../../base/errors.js";
import { sinceWhen } from "../../process/locks/file-lock.js";
import { describeMatch, type DeviceMatch } from "./address.js";
import { matches, type StfDevice, type StfUser } from "./api/answers.js";
import type { StfServer } from "./api/server.js";

export interface TakeOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told once of each holder that is waited for, and of each other reason. */
  readonly onWait: (message: string) => void;
  /** STF takes the device back after this time without activity. */
  readonly leaseMs: number;
  /** Default: 5 s. */
  readonly pollMs?: number;
}

const POLL_MS = 5_000;
/** For so long a server that has answered before may be out of reach. */
const OUTAGE_MS = 60_000;

/** @throws InfrastructureError `LAB_NO_PLACE`, `LAB_NO_DEVICE`, `DEVICE_BUSY` */
export async function takeDevice(
  server: StfServer,
  user: StfUser,
  match: DeviceMatch,
  options: TakeOptions,
): Promise<StfDevice> {
  const { timeoutMs, signal, onWait, pollMs = POLL_MS } = options;
  const beganMs = performance.now();
  const told = new Set<string>();
  const seen: Waiting = { firstSeen: new Map(), user };
  let answeredMs = beganMs;
  for (;;) {
    let reasons: readonly string[];
    try {
      const attempt = await tryOnce(server, match, seen, options);
      if (!("reasons" in attempt)) return attempt;
      ({ reasons } = attempt);
      answeredMs = performance.now();
    } catch (error) {
      const mayHeal = isHarnessError(error) && error.code === "LAB_COORDINATOR" && answeredMs > beganMs;
      if (!mayHeal || performance.now() - answeredMs > OUTAGE_MS) throw error;
      reasons = [error.shortMessage];
    }
    const leftMs = beganMs + timeoutMs - performance.now();
    if (leftMs <= 0) throw noneFree(server, match, reasons);
    for (const reason of reasons.filter((each) => !told.has(keyOf(each)))) onWait(`Waiting for a device: ${reason}`);
    for (const reason of reasons) told.add(keyOf(reason));
    // Those who wait do not all come back at once.
    await sleep(Math.min(leftMs, pollMs * (0.5 + Math.random() / 2)), signal);
  }
}

/** @throws InfrastructureError when no wait would help */
export async function findDevices(
  server: StfServer,
  match: DeviceMatch,
  signal?: AbortSignal,
): Promise<readonly StfDevice[]> {
  const all = await server.devices(signal);
  const found = all.filter((device) => matches(device, match));
  if (found.length === 0) throw noSuchDevice(server, match, all);
  if (found.some(({ present }) => present)) return found;
  const names = found.map(describeDevice).join(", ");
  throw new InfrastructureError("LAB_NO_DEVICE", `STF at ${server.host} has lost ${names}: not plugged in, or off.`, {
    hint: "see its cable, and adb devices on the host that it hangs on",
  });
}

/** `0A1B2C (Pixel 8)` */
export function describeDevice({ serial, facts }: StfDevice): string {
  const [model] = facts.model ?? [];
  return model === undefined ? serial : `${serial} (${model})`;
}

/** `anna has 0A1B2C (Pixel 8) since 20:31:05 (4 min 10 s ago)`, with the times of this host's clock. */
export function describeUse(device: StfDevice, { user, firstSeen }: Waiting, clockOffMs: number): string {
  const { owner, usedSince } = device;
  if (owner === undefined) return `${describeDevice(device)} is not ready`;
  const who = owner.email === user.email ? `another run of our account (${owner.name})` : owner.name;
  const beganMs = Date.parse(usedSince ?? "") - clockOffMs;
  const firstMs = firstSeen.get(`${device.serial} ${owner.email}`) ?? Date.now();
  firstSeen.set(`${device.serial} ${owner.email}`, firstMs);
  // STF does not tell when somebody began at its own page.
  const since = Number.isNaN(beganMs) ? time(firstMs).replace("since", "since before") : time(beganMs);
  return `${who} has ${describeDevice(device)}${since}`;
}

export interface Waiting {
  readonly user: StfUser;
  /** When we saw first that an owner has a device. */
  readonly firstSeen: Map<string, number>;
}

async function tryOnce(
  server: StfServer,
  match: DeviceMatch,
  seen: Waiting,
  { leaseMs, signal }: TakeOptions,
): Promise<StfDevice | { readonly reasons: readonly string[] }> {
  const found = await findDevices(server, match, signal);
  const reasons: string[] = [];
  for (const device of shuffled(found.filter(({ present }) => present))) {
    if (device.owner !== undefined || !device.ready) {
      reasons.push(describeUse(device, seen, server.clockOffMs));
      continue;
    }
    const refusal = await server.take(device.serial, leaseMs, signal);
    if (refusal === undefined) return device;
    reasons.push(`STF does not give us ${describeDevice(device)}: ${refusal}`);
  }
  return { reasons };
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((value) => ({ value, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ value }) => value);
}

/** ` since 20:31:05 (4 min 10 s ago)` */
function time(ms: number): string {
  return sinceWhen(new Date(ms).toISOString());
}

/** What is reported once, without the elapsed time, which changes each time. */
function keyOf(reason: string): string {
  return reason.replace(/ \([^()]* ago\)$/, "");
}

function noneFree(server: StfServer, match: DeviceMatch, reasons: readonly string[]): InfrastructureError {
  const message = `STF at ${server.host} gave us no device in time, of ${describeMatch(match)}: ${reasons.join("; ")}.`;
  return new InfrastructureError("DEVICE_BUSY", message, {
    hint: "wait for them, or allow more time with leaseTimeoutMs",
  });
}

function noSuchDevice(server: StfServer, match: DeviceMatch, all: readonly StfDevice[]): InfrastructureError {
  const some = all.slice(0, 10).map(describeDevice).join(", ");
  const rest = all.length > 10 ? ` and ${all.length - 10} others` : "";
  const none = "this account may use no device: see its groups in STF";
  return new InfrastructureError("LAB_NO_PLACE", `STF at ${server.host} does not have ${describeMatch(match)}.`, {
    hint: all.length === 0 ? none : `it has ${some}${rest}`,
  });
}
