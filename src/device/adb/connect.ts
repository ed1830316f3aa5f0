/** Devices that are reached over TCP: `adb connect`, until they really answer. */
import pRetry, { AbortError } from "p-retry";
import { withDeadline, type WaitOptions } from "../../base/deadline.js";
import { describeError, InfrastructureError, isHarnessError, UsageError, isError } from "../../base/errors.js";
import { runUnchecked } from "../../process/run.js";
import { HOST_PORT, stateError } from "./device-errors.js";
import { openAdbServer, type AdbServer } from "./server/server.js";
import type { AdbServerAddress } from "./server/server-address.js";

/** A device restored from a snapshot answers after about 0.3 s: small steps at first, then larger ones. */
const RETRY = { retries: 10_000, minTimeout: 20, factor: 1.3, maxTimeout: 500 };
/** The first attempt's; each later one gets as much more, up to the limit: a loaded machine answers late, not never. */
const CONNECT_TIMEOUT_MS = 1_000;
const CHECK_TIMEOUT_MS = 3_000;
const MAX_ATTEMPT_TIMEOUT_MS = 10_000;
/** A device that does not know our keys after so many attempts never will. */
const MAX_UNAUTHORIZED = 8;

interface ConnectOptions extends WaitOptions {
  /** False: the caller runs a command there at once, and so finds out by itself. Default: true. */
  readonly tryShell?: boolean;
}

/**
 * Connects to `127.0.0.1:PORT` (or any HOST:PORT) and waits until a command there succeeds.
 * @returns the serial by which adb knows the device
 */
export async function connectTcpDevice(hostPort: string, options: ConnectOptions): Promise<string> {
  const { host, port } = parseHostPort(hostPort);
  const serial = `${host}:${port}`;
  let last: unknown;
  try {
    return await withDeadline(`the device at ${serial} to answer adb`, options, async (signal) => {
      const server = await openAdbServer();
      await pRetry(
        (attempt) => connectOnce(server, { serial, host, port, tryShell: options.tryShell !== false }, attempt, signal),
        {
          ...RETRY,
          signal,
          onFailedAttempt: ({ error }) => void (last = error),
        },
      );
      return serial;
    });
  } catch (error) {
    if (!isHarnessError(error) || error.code !== "TIMEOUT") throw error;
    throw new InfrastructureError(
      "ADB_CONNECT",
      `${error.shortMessage} Last answer: ${describeError(last ?? "none")}`,
      {
        cause: last,
        hint: `see whether the device runs and its port is open: adb connect ${serial}`,
      },
    );
  }
}

/** Forgets the device. One that the server does not know is fine. */
export async function disconnectTcpDevice(hostPort: string, address?: AdbServerAddress): Promise<void> {
  const { host, port } = parseHostPort(hostPort);
  const server = await openAdbServer(address);
  await runUnchecked([...server.command, "disconnect", `${host}:${port}`], { timeoutMs: 10_000 });
}

async function connectOnce(
  server: AdbServer,
  { serial, host, port, tryShell }: { serial: string; host: string; port: number; tryShell: boolean },
  attempt: number,
  signal: AbortSignal,
): Promise<void> {
  const limit = (firstMs: number): number => Math.min(firstMs * attempt, MAX_ATTEMPT_TIMEOUT_MS);
  try {
    await withDeadline("adb connect", { timeoutMs: limit(CONNECT_TIMEOUT_MS), signal }, () =>
      Promise.resolve(server.client.connect(host, port)),
    );
    if (!tryShell) return;
    const check = await runUnchecked([...server.command, "-s", serial, "shell", "-T", "--", "echo", "ready"], {
      timeoutMs: limit(CHECK_TIMEOUT_MS),
      signal,
    });
    if (check.exitCode === 0 && check.stdout.trim() === "ready") return;
    throw new Error(check.stderr.trim() || "no answer from its shell");
  } catch (error) {
    if (signal.aborted) throw new AbortError("given up");
    // The keys of a device that starts may come a moment later than its port.
    if (attempt >= MAX_UNAUTHORIZED && /failed to authenticate|unauthorized/.test(describeError(error)))
      throw new AbortError(stateError(serial, "unauthorized"));
    // A connection of before, which adb believes to be alive, has to go before a new one can be made.
    await runUnchecked([...server.command, "disconnect", serial], { timeoutMs: 5_000, signal }).catch(() => undefined);
    throw isError(error) ? error : new Error(String(error));
  }
}

function parseHostPort(text: string): { host: string; port: number } {
  const match = HOST_PORT.exec(text);
  const port = Number(match?.[2]);
  if (!match?.[1] || port < 1 || port > 65_535)
    throw new UsageError("HOST_PORT", `Not HOST:PORT: ${JSON.stringify(text)}`);
  return { host: match[1], port };
}
