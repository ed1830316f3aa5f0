/** Whether the kernel of a guest answers: a vsock packet to a port where nobody listens comes back as a reset. */
import { randomInt } from "node:crypto";
import { isHarnessError } from "../../base/errors.js";
import type { Device } from "../../device/index.js";

/** adbd connects to one after the other, and gives each up after 2 s, the kernel's own limit. */
const ATTEMPTS = 6;
const CONNECT_TIMEOUT_MS = 2_000;
/** Above the ports that services take. */
const [FIRST_PORT, LAST_PORT] = [3_000_000_000, 4_000_000_000];
const CALL_TIMEOUT_MS = 60_000;
const FIND_FAILURES = 'logcat -d -b main -v threadtime -v usec -s adbd:E | grep -F "$1"';
const TIME = /^(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d\.\d{6}) /;

/**
 * False only if the guest let several connections time out, one after the other. The device's own log says how long each
 * took, so that a busy host and a slow adb make no difference. A guest needs Microdroid's vsock driver for this. Never
 * rejects: what cannot be told is a guest that answers.
 */
export async function guestAnswers(device: Device, cid: number): Promise<boolean> {
  try {
    const ports = Array.from({ length: ATTEMPTS }, () => randomInt(FIRST_PORT, LAST_PORT));
    const refused = await Promise.all(ports.map((port) => isRefused(device, `vsock:${cid}:${port}`)));
    if (!refused.every(Boolean)) return true;
    const argv = ["sh", "-c", FIND_FAILURES, "sh", `'vsock:${cid}:`];
    const { output } = await device.execShort(argv, { timeoutMs: CALL_TIMEOUT_MS });
    const lines = output.split("\n").filter((line) => ports.some((port) => line.includes(`:${port}'`)));
    return !allTimedOut(lines);
  } catch {
    return true;
  }
}

async function isRefused(device: Device, address: string): Promise<boolean> {
  try {
    (await device.connect(address, { timeoutMs: CALL_TIMEOUT_MS })).destroy();
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
  return lines.length === ATTEMPTS && waits.every((ms) => ms >= CONNECT_TIMEOUT_MS * 0.9);
}

function timeMs(line: string): number {
  const [, month = "", day = "", hours = "", minutes = "", seconds = ""] = TIME.exec(line) ?? [];
  // Which year is of no matter, as long as it has all days.
  const dayMs = Date.UTC(2000, Number(month) - 1, Number(day), Number(hours), Number(minutes));
  return dayMs + Number(seconds) * 1000;
}
