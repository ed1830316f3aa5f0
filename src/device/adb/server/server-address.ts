/** Where the adb server listens: the environment as adb itself reads it (AOSP adb: commandline.cpp, socket_spec.cpp). */
import { UsageError } from "../../../base/errors.js";
import { adbProgram } from "../../../process/programs/adb-program.js";

export type AdbServerAddress = TcpAddress | SocketAddress;

interface TcpAddress {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

interface SocketAddress {
  /** As adb writes it: `localfilesystem:/run/adb`. */
  readonly spec: string;
  readonly path: string;
}

const DEFAULT_PORT = 5037;
const FORMS = "tcp:PORT, tcp:HOST:PORT, tcp:[IPV6]:PORT or localfilesystem:PATH";

/**
 * The server that `adb` itself would use: `ADB_SERVER_SOCKET`, else `ANDROID_ADB_SERVER_ADDRESS` and
 * `ANDROID_ADB_SERVER_PORT`, else port 5037 of this host.
 */
export function adbServerAddress(environment: NodeJS.ProcessEnv = process.env): AdbServerAddress {
  const spec = environment["ADB_SERVER_SOCKET"];
  if (spec) return parseSpec(spec);
  const port = environment["ANDROID_ADB_SERVER_PORT"];
  const host = environment["ANDROID_ADB_SERVER_ADDRESS"];
  return {
    host: host ? checkHost(host) : "127.0.0.1",
    port: port ? checkPort("ANDROID_ADB_SERVER_PORT", port) : DEFAULT_PORT,
  };
}

/** For people: `127.0.0.1:5037`, `[::1]:5037`, `localfilesystem:/run/adb`. */
export function describeAddress(address: AdbServerAddress): string {
  return "spec" in address ? address.spec : `${bracketed(address.host)}:${address.port}`;
}

/** `adb` with the options that lead it there. It starts servers only where no host is named. */
export function adbCommand(address: AdbServerAddress): readonly string[] {
  if ("spec" in address) return [adbProgram(), "-L", address.spec];
  const { host, port } = address;
  const isOwn = host === "127.0.0.1" || host === "localhost";
  // Beside -P adb takes the host from there, which may be another one's than this address was read for.
  if (isOwn && process.env["ANDROID_ADB_SERVER_ADDRESS"]) return [adbProgram(), "-L", `tcp:${port}`];
  if (isOwn) return [adbProgram(), "-P", String(port)];
  return [adbProgram(), "-L", `tcp:${bracketed(host)}:${port}`];
}

/** A number that no other server on this host has. */
export function addressKey(address: AdbServerAddress): number {
  const isOfThisHost = "port" in address && /^(127\.|localhost$|::1$)/.test(address.host);
  if (isOfThisHost) return address.port;
  const hash = [...describeAddress(address)].reduce(
    (sum, each) => (Math.imul(sum, 31) + (each.codePointAt(0) ?? 0)) >>> 0,
    7,
  );
  return 65_536 + hash;
}

function parseSpec(spec: string): AdbServerAddress {
  const [, kind = "", name = ""] = /^(tcp|local|localfilesystem):([^\0]+)$/s.exec(spec) ?? [];
  if (kind === "local" || kind === "localfilesystem") return { spec, path: name };
  const [, host = "127.0.0.1", port] = /^(?:(\[[^\]]+\]|[^:[\]]+):)?(\d+)$/.exec(name) ?? [];
  if (kind === "tcp" && port !== undefined) {
    return { host: checkHost(host, "ADB_SERVER_SOCKET"), port: checkPort("ADB_SERVER_SOCKET", port) };
  }
  // Node 20 fills an abstract name up with zero bytes, which makes another name of it.
  const problem = spec.startsWith("localabstract:") ? "which Node cannot connect to" : "which names no adb server";
  throw new UsageError("ADB_SERVER_SOCKET", `ADB_SERVER_SOCKET is ${JSON.stringify(spec)}, ${problem}.`, {
    hint: `set it to ${FORMS}; or unset it`,
  });
}

function checkHost(text: string, variable = "ANDROID_ADB_SERVER_ADDRESS"): string {
  const host = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (/^[\w.:%-]+$/.test(host)) return host;
  throw new UsageError("ADB_SERVER_ADDRESS", `${variable} holds ${JSON.stringify(text)}, which is no host.`, {
    hint: "give a name or an address, such as 127.0.0.1; or unset it",
  });
}

function checkPort(variable: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port;
  throw new UsageError("ADB_SERVER_PORT", `${variable} holds ${JSON.stringify(text)}, which is no port.`, {
    hint: "a port is a number from 1 to 65535; adb's own is 5037",
  });
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
