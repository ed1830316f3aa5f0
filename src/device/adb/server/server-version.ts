/** The version of a running adb server. */
import type { AdbServerAddress } from "./server-address.js";
import { ask } from "./smart-socket.js";

/** Undefined when nothing listens there. Rejects when something does that is no adb server; the signal ends the wait. */
export async function readServerVersion(address: AdbServerAddress, signal: AbortSignal): Promise<number | undefined> {
  try {
    const answer = await ask(address, "host:version", signal);
    if (!/^[\da-f]{1,8}$/i.test(answer)) throw new Error(`its version is ${JSON.stringify(answer.slice(0, 100))}`);
    return Number.parseInt(answer, 16);
  } catch (error) {
    // Of a socket without a listener, or without a file.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ECONNREFUSED" || code === "ENOENT") return undefined;
    throw error;
  }
}
