/** Ports of this host that lead to the device. The adb server holds them, so they are written down for a later sweep. */
import { withDeadline } from "../../../base/deadline.js";
import { InfrastructureError, UsageError } from "../../../base/errors.js";
import { pickPort } from "../../../process/pick-port.js";
import type { DeviceCallOptions, ForwardOptions, PortForward } from "../../contract.js";
import { callDevice } from "../shell/call.js";
import type { AdbConnection } from "../server/connection.js";
import { AdbRefusal, tell } from "../server/smart-socket.js";
import { stateError, stateFromRefusal } from "../device-errors.js";
import { closeAtExit } from "./close-at-exit.js";
import { killForward } from "./forward-list.js";
import { openRelay, type OpenRemote } from "../remote/relay.js";
import { forgetForward, isListed, recordForward } from "../notes/forward-records.js";

const REMOTE = /^(tcp:\d{1,5}|vsock:\d{1,10}:\d{1,10}|local(abstract|reserved|filesystem):[^;\0\n]{1,200})$/;

const FORWARD_TIMEOUT_MS = 10_000;
const TRIES = 5;

/**
 * The port is chosen and recorded before adb gets it, so that a forward without a record never exists.
 * @param openRemote opens what the port leads to, where the adb server is on another host and its forwards are of no use here
 */
export async function openForward(
  connection: AdbConnection,
  remote: string,
  options: ForwardOptions = {},
  openRemote?: OpenRemote,
): Promise<PortForward> {
  const { server, gone } = connection;
  requireRemote(remote);
  const isForAdb = options.dialledBy === "adb";
  if (server.isElsewhere === true && !isForAdb && openRemote) return openRelay(remote, gone, openRemote);
  const forward = await openAdbForward(connection, remote, options);
  // What seems to be here may be a tunnel: the port is then one of its other end.
  const isOurs = isForAdb || ((await server.landsHere?.(forward.hostPort)) ?? true);
  if (isOurs || openRemote === undefined) return forward;
  await forward.close();
  return openRelay(remote, gone, openRemote);
}

function requireRemote(remote: string): void {
  if (!REMOTE.test(remote) || !hasSoundNumbers(remote)) {
    throw new UsageError("FORWARD_REMOTE", `Cannot forward to ${JSON.stringify(remote)}.`, {
      hint: "use tcp:PORT with a port of 1 to 65535, or vsock:CID:PORT",
    });
  }
}

function openAdbForward(connection: AdbConnection, remote: string, options: DeviceCallOptions): Promise<PortForward> {
  return callDevice(`a forward to ${remote}`, connection.gone, options, async (signal) => {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const forward = await tryForward(connection, remote, await pickPort(), signal);
      if (forward !== undefined) return forward;
      if (attempt === TRIES) {
        throw new InfrastructureError("NO_PORT", `No free port for a forward to ${remote} after ${TRIES} attempts.`, {
          hint: "see what uses the ports of this host: ss -ltn",
        });
      }
    }
  });
}

/** Ports of TCP have 16 bits; CIDs and ports of vsock 32. adb silently accepts larger numbers. */
function hasSoundNumbers(remote: string): boolean {
  const numbers = remote.split(":").slice(1).map(Number);
  if (remote.startsWith("tcp:")) return numbers.every((port) => port >= 1 && port <= 0xffff);
  return !remote.startsWith("vsock:") || numbers.every((number) => number <= 0xffff_ffff);
}

/** Undefined when the port went to somebody else meanwhile. */
async function tryForward(
  connection: AdbConnection,
  remote: string,
  hostPort: number,
  signal: AbortSignal,
): Promise<PortForward | undefined> {
  const local = `tcp:${hostPort}`;
  const record = recordForward({ serial: connection.serial, serverPort: connection.server.port, hostPort, remote });
  const adb = (...words: readonly string[]): readonly string[] => connection.adb(...words);
  const leaveAtExit = closeAtExit({ serial: connection.serial, local, remote, adb });
  const forget = (): void => {
    leaveAtExit();
    forgetForward(record);
  };
  const { serial, server, gone } = connection;
  try {
    // Goes on to its end although the caller may give up: ended half-way, nobody would know whether the server had heard it.
    await withDeadline(`a forward to ${remote}`, { timeoutMs: FORWARD_TIMEOUT_MS }, (never) =>
      tell(server.address, `host-serial:${serial}:forward:norebind:${local};${remote}`, never),
    );
  } catch (error) {
    // What timed out may still come about; its note is for the next sweep.
    if (!(error instanceof AdbRefusal)) {
      leaveAtExit();
      throw await connection.explain(error);
    }
    forget();
    if (/Address already in use|cannot rebind existing socket/.test(error.message)) return undefined;
    const state = stateFromRefusal(error.message);
    if (state !== undefined) throw stateError(serial, state);
    throw new InfrastructureError("ADB_FORWARD", `adb refused a forward to ${remote} of ${serial}: ${error.message}.`, {
      cause: error,
      hint: `see those that it has: adb -s ${serial} forward --list`,
    });
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // With the device went its forwards, and the port may be somebody else's by now.
    if (!gone.aborted && (await isListed(server, { serial, hostPort, remote }))) await remove(connection, local);
    forget();
  };
  const closeOnce = (): Promise<void> => (closing ??= close());
  if (signal.aborted) await closeOnce();
  return { hostPort, remote, close: closeOnce };
}

/** A device that left in this moment took its forward along. */
async function remove({ server, serial }: AdbConnection, local: string): Promise<void> {
  await killForward(server, serial, local).catch((error: unknown) => {
    const isGone =
      error instanceof AdbRefusal && (/ not found$/.test(error.message) || stateFromRefusal(error.message));
    if (!isGone) throw error;
  });
}
