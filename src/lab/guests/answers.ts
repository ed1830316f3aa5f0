/** Whether the kernel of a guest answers: a vsock packet to a port where nobody listens comes back as a reset. */
import { randomInt } from "node:crypto";
import { withDeadline } from "../../base/deadline.js";
import { isHarnessError } from "../../base/errors.js";
import { FIND_REFUSALS, type Device, type DeviceCallOptions } from "../../device/index.js";

/** adbd connects to one after the other, and gives each up after 2 s, the kernel's own limit. */
const ATTEMPTS = 6;
const LEAST_WAIT_MS = 1_800;
/** Longer ones are those of a device that has no time to try. */
const MOST_WAIT_MS = 5_000;
/** Above the ports that services take. */
const [FIRST_PORT, LAST_PORT] = [3_000_000_000, 4_000_000_000];
const TIMEOUT_MS = 60_000;
const TIME = /^(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d\.\d{6}) /;

/**
 * False only if the guest let several connections time out, one after the other: the device's own log says when each was
 * given up. A guest needs Microdroid's vsock driver for this. Never rejects, and takes a minute at most: what cannot be told
 * is a guest that answers.
 */
export async function guestAnswers(device: Device, cid: number): Promise<boolean> {
  try {
    const wait = { timeoutMs: TIMEOUT_MS, signal: device.gone };
    return await withDeadline("an answer of the guest's kernel", wait, (signal) => ask(device, cid, signal));
  } catch {
    return true;
  }
}

async function ask(device: Device, cid: number, signal: AbortSignal): Promise<boolean> {
  const call = { timeoutMs: TIMEOUT_MS, signal };
  const ports = Array.from({ length: ATTEMPTS }, () => randomInt(FIRST_PORT, LAST_PORT));
  const refused = await Promise.all(ports.map((port) => isRefused(device, `vsock:${cid}:${port}`, call)));
  if (!refused.every(Boolean)) return true;
  const { output } = await device.execShort(["sh", "-c", FIND_REFUSALS, "sh", `'vsock:${cid}:`], call);
  const lines = output.split("\n").filter((line) => ports.some((port) => line.includes(`:${port}'`)));
  return !allTimedOut(lines);
}

async function isRefused(device: Device, address: string, call: DeviceCallOptions): Promise<boolean> {
  try {
    (await device.connect(address, call)).destroy();
    return false;
  } catch (error) {
    if (isHarnessError(error) && error.code === "VSOCK_REFUSED") return true;
    throw error;
  }
}

/** @param lines of adbd, one for each connection that it gave up */
function allTimedOut(lines: readonly string[]): boolean {
  const times = lines.map(timeMs).sort((a, b) => a - b);
  const waits = times.slice(1).map((time, at) => time - (times[at] ?? NaN));
  return lines.length === ATTEMPTS && waits.every((ms) => ms >= LEAST_WAIT_MS && ms <= MOST_WAIT_MS);
}

function timeMs(line: string): number {
  const [, month = "", day = "", hours = "", minutes = "", seconds = ""] = TIME.exec(line) ?? [];
  // Which year is of no matter, as long as it has all days.
  const dayMs = Date.UTC(2000, Number(month) - 1, Number(day), Number(hours), Number(minutes));
  return dayMs + Number(seconds) * 1000;
}
