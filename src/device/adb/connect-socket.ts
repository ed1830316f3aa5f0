/** Connections to sockets of the device itself, through adb. */
import type { Duplex } from "node:stream";
import { describeError, InfrastructureError, UsageError } from "../../base/errors.js";
import type { DeviceCallOptions } from "../contract.js";
import { callDevice } from "./call.js";
import type { AdbConnection } from "./connection.js";

/** Without a shell and a process there. A path where nobody listens is refused by adb. */
export async function connectSocket(
  connection: AdbConnection,
  path: string,
  options: DeviceCallOptions,
): Promise<Duplex> {
  if (!path.startsWith("/") || path.includes("\0")) {
    throw new UsageError("SOCKET_PATH", `Not an absolute path of a socket: ${JSON.stringify(path)}`);
  }
  const { serial, gone, client } = connection;
  const opening = Promise.resolve(client.openLocal(`localfilesystem:${path}`));
  try {
    const stream = await callDevice(`${path} on ${serial} to be connected`, gone, options, () => opening);
    stream.on("error", () => undefined);
    return stream;
  } catch (error) {
    // One that comes when nobody waits for it any more.
    opening.then((stream) => stream.destroy()).catch(() => undefined);
    const reason = await connection.explain(error);
    if (reason !== error) throw reason;
    throw new InfrastructureError(
      "NOT_CONNECTED",
      `Could not connect to ${path} on ${serial}: ${describeError(error)}`,
      {
        cause: error,
      },
    );
  }
}
