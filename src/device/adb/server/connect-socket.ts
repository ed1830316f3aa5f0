/** Connections to sockets of the device itself, through adb. */
import type { Socket } from "node:net";
import { describeError, HarnessError, UsageError } from "../../../base/errors.js";
import type { DeviceCallOptions } from "../../contract.js";
import { callDevice } from "../shell/call.js";
import type { AdbConnection } from "./connection.js";

/** Without a shell and a process there. A path where nobody listens is refused by adb. */
export async function connectSocket(
  connection: AdbConnection,
  path: string,
  options: DeviceCallOptions,
): Promise<Socket> {
  const isPort = /^tcp:\d{1,5}$/.test(path);
  if (!isPort && (!path.startsWith("/") || path.includes("\0"))) {
    throw new UsageError("SOCKET_PATH", `Not an absolute path of a socket: ${JSON.stringify(path)}`);
  }
  try {
    return await openService(
      connection,
      isPort ? path : `localfilesystem:${path}`,
      `${path} on ${connection.serial}`,
      options,
    );
  } catch (error) {
    const reason = await connection.explain(error);
    if (reason !== error) throw reason;
    throw new HarnessError(
      "expectation",
      "NOT_CONNECTED",
      `Could not connect to ${path} on ${connection.serial}: ${describeError(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Asks the adb server for a service of the device. Rejects with adb's own words when it is refused. */
export async function openService(
  connection: Pick<AdbConnection, "open" | "gone">,
  service: string,
  what: string,
  options: DeviceCallOptions,
): Promise<Socket> {
  return callDevice(`${what} to be connected`, connection.gone, options, (signal) => connection.open(service, signal));
}
