/** What adb servers know of emulated devices: each has a list, and keeps a device that has ended in it as "offline". */
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import { disconnectTcpDevice } from "../../device/adb/connect.js";
import { adbServerAddress, type AdbServerAddress } from "../../device/adb/server/server-address.js";
import { inspectAdbServer, openAdbServer } from "../../device/adb/server/server.js";
import { ask } from "../../device/adb/server/smart-socket.js";
import { bootId } from "../../process/identity.js";

export interface AdbConnection {
  readonly serial: string;
  /** The server that was told of the device. Absent in records of earlier versions: the one of this process. */
  readonly adbServer?: KnownServer | undefined;
}

interface KnownServer {
  readonly address: AdbServerAddress;
  /** Boot and network namespace of the process that started the device: the same port elsewhere is somebody else's. */
  readonly network: string;
}

const LISTEN_TIMEOUT_MS = 1_000;
const ASK_TIMEOUT_MS = 10_000;
const NOTE = /^\.adb-[0-9a-f]{16}\.json$/;
/** By then a server that still has the device in its list is one of a container that is gone, or will never be asked. */
const NOTE_LIFE_MS = 24 * 3600_000;

/** The server that a device of this process becomes known to. */
export function ownAdbServer(): KnownServer {
  return { address: adbServerAddress(), network: thisNetwork() };
}

/** Drops the connection from the list of our server. An adb that is unwell must not keep a device from being ended. */
export async function forgetAdb(serial: string): Promise<void> {
  await disconnectTcpDevice(serial).catch(() => undefined);
}

/**
 * For a device that has ended, or never came up: where somebody listens on its port, the connection is another device's by
 * now, and stays. Never rejects: a server of another version, or one that is unwell, keeps it in its list.
 * @returns false when only a process of the device's network can do this
 */
export async function forgetAdbOfEnded({ serial, adbServer }: AdbConnection): Promise<boolean> {
  const isHere = adbServer === undefined || adbServer.network === thisNetwork();
  const address = adbServer?.address;
  // The same port of another network is another server.
  if (!isHere && address !== undefined && !("spec" in address)) return false;
  try {
    if (address !== undefined) {
      const runs = (await inspectAdbServer(address)).version !== undefined;
      if (!isHere) return runs && (await forgetOffline(serial, address));
      if (!runs) return true;
      await openAdbServer(address);
    }
    // Last: what comes before takes time.
    if (!(await isListenedOn(serial))) await disconnectTcpDevice(serial, address);
    return true;
  } catch {
    return isHere;
  }
}

/**
 * Removes a device, by `remove`, whose machine has ended, and forgets its connection if `remove` says that it was the one
 * to do it. What this process cannot do, or is killed before, is left to the next sweep in the device's network.
 */
export async function forgetWith(
  devicesFolder: string,
  { serial, adbServer }: AdbConnection,
  remove: () => Promise<boolean>,
): Promise<boolean> {
  const note = join(devicesFolder, `.adb-${randomBytes(8).toString("hex")}.json`);
  // On a full disk the removal of the device matters more.
  await writeFileAtomic(note, JSON.stringify({ serial, adbServer }), { durable: false }).catch(() => undefined);
  const removed = await remove();
  if (!removed || (await forgetAdbOfEnded({ serial, adbServer }))) await dropNote(note);
  return removed;
}

/** Does what processes of other networks have left to those of this one. */
export async function sweepNotes(devicesFolder: string): Promise<void> {
  for (const name of await readdir(devicesFolder).catch(() => [])) {
    if (!NOTE.test(name)) continue;
    const note = join(devicesFolder, name);
    const connection = await readNote(note);
    const isDone = connection !== undefined && (await forgetAdbOfEnded(connection));
    if (isDone || (await isOld(note))) await dropNote(note);
  }
}

async function dropNote(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

/** A server that is reached by a file, with devices whose ports cannot be looked at from here. */
async function forgetOffline(serial: string, address: AdbServerAddress): Promise<boolean> {
  const list = await ask(address, "host:devices", AbortSignal.timeout(ASK_TIMEOUT_MS));
  if (!list.split("\n").includes(`${serial}\toffline`)) return false;
  await disconnectTcpDevice(serial, address);
  return true;
}

async function readNote(path: string): Promise<AdbConnection | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as AdbConnection;
  } catch {
    return undefined;
  }
}

async function isOld(path: string): Promise<boolean> {
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && Date.now() - written.mtimeMs > NOTE_LIFE_MS;
}

function thisNetwork(): string {
  try {
    return `${bootId()} ${readlinkSync("/proc/self/ns/net")}`;
  } catch {
    return bootId();
  }
}

function isListenedOn(serial: string): Promise<boolean> {
  const port = Number(serial.split(":")[1]);
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: LISTEN_TIMEOUT_MS });
    const answer = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    // The loopback network answers at once; a full backlog is somebody's.
    socket.once("timeout", () => answer(true));
  });
}
