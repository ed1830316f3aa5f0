/** The adb server on this host: where it listens, whether it is ours to talk to, and adbkit's client for it. */
import { withDeadline } from "../../base/deadline.js";
import { describeError, InfrastructureError, isHarnessError, UsageError } from "../../base/errors.js";
import { runUnchecked } from "../../process/run.js";
import { createAdbClient, type AdbClient } from "./adbkit.js";
import { readServerVersion } from "./server-version.js";

const SERVER_START_TIMEOUT_MS = 15_000;

export interface AdbServer {
  readonly host: string;
  readonly port: number;
  readonly client: AdbClient;
  /** `adb` with the options that lead it to this server. */
  readonly command: readonly string[];
}

/**
 * The server that `adb` itself would use: `ADB_SERVER_SOCKET` (`tcp:PORT`, `tcp:HOST:PORT`), else
 * `ANDROID_ADB_SERVER_ADDRESS` and `ANDROID_ADB_SERVER_PORT`, else 127.0.0.1:5037.
 */
export function adbServerAddress(environment: NodeJS.ProcessEnv = process.env): { host: string; port: number } {
  const socket = environment["ADB_SERVER_SOCKET"];
  if (socket) {
    const match = /^tcp:(?:(\[[^\]]+\]|[^:]+):)?(\d+)$/.exec(socket);
    if (!match) {
      throw new UsageError(
        "ADB_SERVER_SOCKET",
        `ADB_SERVER_SOCKET is ${JSON.stringify(socket)}: only tcp works here.`,
        {
          hint: "set it to tcp:PORT or tcp:HOST:PORT, or unset it",
        },
      );
    }
    return { host: match[1] ?? "127.0.0.1", port: checkPort("ADB_SERVER_SOCKET", match[2] ?? "") };
  }
  const port = environment["ANDROID_ADB_SERVER_PORT"];
  const host = environment["ANDROID_ADB_SERVER_ADDRESS"];
  return { host: host ? host : "127.0.0.1", port: port ? checkPort("ANDROID_ADB_SERVER_PORT", port) : 5037 };
}

const servers = new Map<string, Promise<AdbServer>>();

/**
 * The server, started if it does not run. Refuses one of another version: an `adb` program would end it together with
 * every connection that others have through it. Asked once per process; a failure is forgotten.
 */
export function openAdbServer(address = adbServerAddress()): Promise<AdbServer> {
  const key = `${address.host}:${address.port}`;
  const known = servers.get(key);
  if (known) return known;
  const opened = connect(address);
  servers.set(key, opened);
  opened.catch(() => servers.delete(key));
  return opened;
}

async function connect({ host, port }: { host: string; port: number }): Promise<AdbServer> {
  const program = await adbVersion();
  const command = adbCommand(host, port);
  const wait = { timeoutMs: SERVER_START_TIMEOUT_MS };
  const running = await withDeadline(`the adb server at ${host}:${port}`, wait, async (signal) => {
    const version = await readServerVersion(host, port, signal);
    return version ?? startServer(command, host, port, signal);
  }).catch((error: unknown) => {
    throw serverFailure(host, port, error);
  });
  if (running !== program) {
    throw new InfrastructureError(
      "ADB_VERSION",
      `The adb server at ${host}:${port} speaks version ${running}, the adb program here ${program}.`,
      { hint: "end that server (adb kill-server), or use another port: ANDROID_ADB_SERVER_PORT=5038" },
    );
  }
  const client = createAdbClient(host, port);
  // adbkit hands errors of sockets in use to the client as well; each caller has its own already.
  client.on("error", () => undefined);
  return { host, port, client, command };
}

function adbCommand(host: string, port: number): readonly string[] {
  const local = host === "127.0.0.1" || host === "localhost";
  return ["adb", ...(local ? [] : ["-H", host]), "-P", String(port)];
}

async function startServer(
  command: readonly string[],
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<number> {
  const started = await runUnchecked([...command, "start-server"], { timeoutMs: SERVER_START_TIMEOUT_MS, signal });
  const version = await readServerVersion(host, port, signal);
  if (version !== undefined) return version;
  throw new Error(
    `it does not run, and could not be started: ${started.stderr.trim() || "adb start-server told no reason"}`,
  );
}

/** The last number of `Android Debug Bridge version 1.0.41`: the version of the protocol between program and server. */
async function adbVersion(): Promise<number> {
  const result = await runUnchecked(["adb", "version"], { timeoutMs: 10_000 });
  const match = /Android Debug Bridge version \d+\.\d+\.(\d+)/.exec(result.stdout);
  if (match) return Number(match[1]);
  throw new InfrastructureError(
    "ADB_MISSING",
    `The adb program does not run (${result.startFailure ?? "no version"}).`,
    {
      hint: "install it: apt-get install adb",
      lastLines: result.stderr.split("\n").filter(Boolean).slice(-3),
    },
  );
}

function serverFailure(host: string, port: number, error: unknown): Error {
  const timedOut = isHarnessError(error) && error.code === "TIMEOUT";
  const what = timedOut ? "does not answer as an adb server does" : `cannot be reached: ${describeError(error)}`;
  return new InfrastructureError("ADB_SERVER", `The adb server at ${host}:${port} ${what}.`, {
    cause: error,
    hint: `see what listens there (ss -ltnp 'sport = :${port}'), or use another port: ANDROID_ADB_SERVER_PORT=5038`,
  });
}

function checkPort(name: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError("ADB_SERVER_PORT", `${name} holds ${JSON.stringify(text)}, which is no port.`);
}
