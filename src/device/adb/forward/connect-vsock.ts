/**
 * Connections to ports of guests, through adbd. It reports success to the host although the guest has refused, and the
 * connection stays silent then: its service_to_fd() continues with the socket that was not connected. It has written the
 * refusal to the log before it answers, though, and there it is found.
 */
import type { Socket } from "node:net";
import { join } from "node:path";
import { withDeadline } from "../../../base/deadline.js";
import { HarnessError, UsageError, isHarnessError } from "../../../base/errors.js";
import { openCache } from "../../../base/cache/cache.js";
import { takeFileLock } from "../../../process/locks/file-lock.js";
import type { DeviceCallOptions, ShortCommandResult } from "../../contract.js";
import { asFileName } from "../../lease.js";
import type { AdbConnection } from "../server/connection.js";
import { openService } from "../server/connect-socket.js";

/** Runs a short command on the device. */
export type RunShort = (
  argv: readonly string[],
  options: DeviceCallOptions,
) => Promise<Pick<ShortCommandResult, "exitCode" | "output">>;

export const VSOCK_REFUSED = "VSOCK_REFUSED";

const ADDRESS = /^vsock:\d{1,10}:\d{1,10}$/;
/** Microseconds, and nothing but errors of adbd. The message quotes the address. */
export const FIND_REFUSALS = 'logcat -d -b main -v threadtime -v usec -s adbd:E | grep -F "$1"';

const TURN_TIMEOUT_MS = 30_000;

/** @throws HarnessError `VSOCK_REFUSED` when nothing in the guest accepts it, or there is no such guest */
export async function connectVsock(
  connection: AdbConnection,
  address: string,
  run: RunShort,
  options: DeviceCallOptions,
): Promise<Socket> {
  if (!ADDRESS.test(address)) {
    throw new UsageError("VSOCK_ADDRESS", `Not an address of a guest: ${JSON.stringify(address)}`, {
      hint: "it is vsock:CID:PORT",
    });
  }
  const refusals = async (): Promise<readonly string[]> => {
    const { exitCode, output } = await run(["sh", "-c", FIND_REFUSALS, "sh", `'${address}'`], options);
    return exitCode === 0 ? output.split("\n") : [];
  };
  // The log does not tell which connection was refused: with one at a time it can be only that one.
  return oneAtATime(`${connection.serial} ${address}`, options, () =>
    alone(connection.serial, address, options, connectAndLook),
  );

  async function connectAndLook(): Promise<Socket> {
    const before = new Set(await refusals());
    const socket = await open(connection, address, options);
    try {
      const refusal = (await refusals()).find((line) => !before.has(line));
      if (refusal !== undefined) throw refused(connection.serial, address, refusal.replace(/^.*? adbd *: /, ""));
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

/** What was begun last, by device and address. */
const queue = new Map<string, Promise<unknown>>();

async function oneAtATime<T>(
  key: string,
  { timeoutMs = TURN_TIMEOUT_MS, signal }: DeviceCallOptions,
  work: () => Promise<T>,
): Promise<T> {
  const before = queue.get(key) ?? Promise.resolve();
  const mine = withDeadline(`an earlier connection to ${key}`, { timeoutMs, signal }, () => before).then(work);
  // Who gives up waiting does not let the next one pass the one before.
  const last = Promise.allSettled([before, mine]).then(() => undefined);
  queue.set(key, last);
  void last.then(() => queue.get(key) === last && queue.delete(key));
  return mine;
}

/** Also among processes of this cache: two runs may share a device, and `avf` commands do. */
async function alone<T>(
  serial: string,
  address: string,
  { timeoutMs = TURN_TIMEOUT_MS, signal }: DeviceCallOptions,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(openCache(), "vsock", `${asFileName(`${serial} ${address}`)}.lock`);
  const lock = await takeFileLock(path, { purpose: `connecting to ${address} of ${serial}`, timeoutMs, signal });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function open(connection: AdbConnection, address: string, options: DeviceCallOptions): Promise<Socket> {
  try {
    return await openService(connection, address, `${address} on ${connection.serial}`, options);
  } catch (error) {
    if (isHarnessError(error)) throw error;
    const reason = await connection.explain(error);
    throw reason === error ? refused(connection.serial, address, reason.message) : reason;
  }
}

function refused(serial: string, address: string, adbdSaid: string): HarnessError {
  return new HarnessError("vm", VSOCK_REFUSED, `Nothing accepts connections at ${address} of ${serial}.`, {
    details: [`adbd: ${adbdSaid}`],
  });
}
