/** The adb server on this host: where it listens, whether it is ours to talk to, and adbkit's client for it. */
import { execFile } from "node:child_process";
import { withDeadline } from "../../../base/deadline.js";
import { describeError, InfrastructureError, isHarnessError } from "../../../base/errors.js";
import { adbProgram } from "../../../process/programs/adb-program.js";
import { runUnchecked } from "../../../process/run.js";
import { createAdbClient, type AdbClient } from "./adbkit.js";
import { adbCommand, addressKey, adbServerAddress, describeAddress, type AdbServerAddress } from "./server-address.js";
import { serverEnvironment } from "../keys/server-home.js";
import { isNamedElsewhere, landsHere } from "../remote/server-place.js";
import { readServerVersion } from "./server-version.js";

export { adbServerAddress } from "./server-address.js";

const SERVER_START_TIMEOUT_MS = 15_000;
const VERSION_TIMEOUT_MS = 10_000;

export interface AdbServer {
  readonly address: AdbServerAddress;
  /** A number for this server; that of its port, where it has one. */
  readonly port: number;
  readonly client: AdbClient;
  /** `adb` with the options that lead it to this server. */
  readonly command: readonly string[];
  /** It runs on another host, as its name says. */
  readonly isElsewhere?: boolean;
  /** Whether a port that it has forwarded is one of this host; absent: it is. */
  readonly landsHere?: (port: number) => Promise<boolean>;
}

const servers = new Map<string, Promise<AdbServer>>();

/**
 * The server, started if it does not run. Refuses one of another version: an `adb` program would end it together with
 * every connection that others have through it. Asked once per process; a failure is forgotten.
 */
export function openAdbServer(address = adbServerAddress()): Promise<AdbServer> {
  const key = describeAddress(address);
  const known = servers.get(key);
  if (known) return known;
  const opened = connect(address);
  servers.set(key, opened);
  opened.catch(() => servers.delete(key));
  return opened;
}

/**
 * Whether a run will get on with the server, which is only asked: the version of one that runs, undefined where a run
 * starts one.
 * @throws what `openAdbServer` would throw
 */
export async function inspectAdbServer(
  address = adbServerAddress(),
): Promise<{ readonly where: string; readonly version: number | undefined }> {
  const program = await adbVersion();
  const version = await reach(address, (signal) => readServerVersion(address, signal));
  if (version !== undefined) requireVersion(address, version, program);
  return { where: describeAddress(address), version };
}

async function connect(address: AdbServerAddress): Promise<AdbServer> {
  const asked = reach(address, (signal) => readServerVersion(address, signal));
  // What is wrong with the program is said first.
  asked.catch(() => undefined);
  const program = await adbVersion();
  const command = adbCommand(address);
  const running = (await asked) ?? (await reach(address, (signal) => startServer(command, address, signal)));
  requireVersion(address, running, program);
  const client = createAdbClient(address);
  return { address, port: addressKey(address), client, command, isElsewhere: isNamedElsewhere(address), landsHere };
}

async function reach<T>(address: AdbServerAddress, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const what = `the adb server at ${describeAddress(address)}`;
  try {
    return await withDeadline(what, { timeoutMs: SERVER_START_TIMEOUT_MS }, work);
  } catch (error) {
    throw serverFailure(address, error);
  }
}

function requireVersion(address: AdbServerAddress, running: number, program: number): void {
  if (running === program) return;
  throw new InfrastructureError(
    "ADB_VERSION",
    `The adb server at ${describeAddress(address)} speaks version ${running}, the adb program here ${program}.`,
    { hint: "end that server (adb kill-server), or use another port: ANDROID_ADB_SERVER_PORT=5038" },
  );
}

async function startServer(
  command: readonly string[],
  address: AdbServerAddress,
  signal: AbortSignal,
): Promise<number> {
  const options = { timeoutMs: SERVER_START_TIMEOUT_MS, signal, env: serverEnvironment() };
  const started = await runUnchecked([...command, "start-server"], options);
  const version = await readServerVersion(address, signal);
  if (version !== undefined) return version;
  throw new Error(
    `it does not run, and could not be started: ${started.stderr.trim() || "adb start-server gave no reason"}`,
  );
}

/**
 * The last number of `Android Debug Bridge version 1.0.41`: the version of the protocol between program and server. Without
 * execa, which would be loaded for this alone where a device is there already.
 */
async function adbVersion(): Promise<number> {
  const { stdout, stderr, code } = await askAdb("version");
  const match = /Android Debug Bridge version \d+\.\d+\.(\d+)/.exec(stdout);
  if (match) return Number(match[1]);
  const startFailure = typeof code === "string" ? code : "no version";
  throw new InfrastructureError("ADB_MISSING", `The adb program does not run (${startFailure}).`, {
    hint:
      process.platform === "linux"
        ? "install it (apt-get install adb), or get the one of the emulated device: npx avf setup"
        : "install Android's platform-tools, and add their folder to PATH",
    lastLines: stderr.split("\n").filter(Boolean).slice(-3),
  });
}

/** @returns `code`: of its end, or the system's word for why it could not be started */
function askAdb(...args: readonly string[]): Promise<{ stdout: string; stderr: string; code: number | string }> {
  return new Promise((resolve) => {
    execFile(adbProgram(), args, { timeout: VERSION_TIMEOUT_MS }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error === null ? 0 : (error.code ?? -1) }),
    );
  });
}

/** How the listener on a port is found. */
function listenersCommand(port: number): string {
  if (process.platform === "win32") return `netstat -ano | findstr :${port}`;
  return process.platform === "linux" ? `ss -ltnp 'sport = :${port}'` : `lsof -nP -iTCP:${port} -sTCP:LISTEN`;
}

function serverFailure(address: AdbServerAddress, error: unknown): Error {
  const timedOut = isHarnessError(error) && error.code === "TIMEOUT";
  const what = timedOut ? "does not answer as an adb server does" : `cannot be reached: ${describeError(error)}`;
  const other = "use another port: ANDROID_ADB_SERVER_PORT=5038";
  const hint =
    "spec" in address
      ? `see who has that socket (ss -lxp), or unset ADB_SERVER_SOCKET`
      : /cannot start server on remote host/.test(what)
        ? `adb starts none where a host is named: do it there (${adbCommand(address).join(" ")} nodaemon server), or ${other}`
        : `see what listens there (${listenersCommand(address.port)}), or ${other}`;
  return new InfrastructureError("ADB_SERVER", `The adb server at ${describeAddress(address)} ${what}.`, {
    cause: error,
    hint,
  });
}
