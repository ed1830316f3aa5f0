/**
 * The adb server's own protocol (AOSP adb: OVERVIEW.TXT, SERVICES.TXT): a connection for each request, which the server
 * answers with OKAY, or with FAIL and its reason. All requests of ours go through here, without a process. What stays with
 * adbkit is following the list of devices and `adb connect`, with the program starting the server, the keeping of shells
 * and of attached commands (attached-command.ts says why), and what is undone when this process exits.
 */
import { connect, type Socket } from "node:net";
import { AsciiReader } from "./ascii-reader.js";
import type { AdbServerAddress } from "./server-address.js";

/** The server, or the device, said no; the message is its reason. */
export class AdbRefusal extends Error {}

/** A service of the server that answers with a text, e.g. `host:version`. */
export async function ask(address: AdbServerAddress, request: string, signal: AbortSignal): Promise<string> {
  const { socket, reader } = await send(address, request, signal);
  try {
    return await reader.text();
  } finally {
    socket.destroy();
  }
}

/** A service that says OKAY twice: when it knows the device, and when it is done, e.g. `host-serial:S:killforward:tcp:1`. */
export async function tell(address: AdbServerAddress, request: string, signal: AbortSignal): Promise<void> {
  const { socket, reader } = await send(address, request, signal);
  try {
    await okay(reader);
  } finally {
    socket.destroy();
  }
}

/** A connection to a service of the device, e.g. `sync:`. The caller ends it. */
export async function openService(
  address: AdbServerAddress,
  serial: string,
  service: string,
  signal: AbortSignal,
): Promise<Socket> {
  const { socket, reader } = await send(address, `host:transport:${serial}`, signal);
  try {
    write(socket, service);
    await okay(reader);
    reader.release();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

interface Asked {
  readonly socket: Socket;
  readonly reader: AsciiReader;
}

/** Until its first OKAY. The socket ends with the signal as long as nobody has taken it over. */
async function send(address: AdbServerAddress, request: string, signal: AbortSignal): Promise<Asked> {
  signal.throwIfAborted();
  const socket =
    "path" in address ? connect({ path: address.path }) : connect({ host: address.host, port: address.port });
  const reader = new AsciiReader(socket, signal);
  try {
    write(socket, request);
    await okay(reader);
    return { socket, reader };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function write(socket: Socket, request: string): void {
  const bytes = Buffer.from(request);
  socket.write(Buffer.concat([Buffer.from(bytes.length.toString(16).padStart(4, "0")), bytes]));
}

async function okay(reader: AsciiReader): Promise<void> {
  const answer = await reader.take(4);
  if (answer === "OKAY") return;
  if (answer === "FAIL") throw new AdbRefusal(await reader.text());
  throw new Error(`something else than an adb server answers: ${JSON.stringify(answer + reader.rest())}`);
}
