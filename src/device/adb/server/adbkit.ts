/**
 * The part of adbkit that we use, typed: its own declarations lean on those of bluebird, which it does not bring along.
 * Its promises are bluebird's; what is chained by `then` right on them runs before any later turn of ours. Its entry point
 * loads RSA and TLS in JavaScript and a hundred commands, which takes three times as long as what is imported here.
 */
import type { EventEmitter } from "node:events";
import Connection from "@devicefarmer/adbkit/dist/src/adb/connection";
import HostConnectCommand from "@devicefarmer/adbkit/dist/src/adb/command/host/connect";
import HostTrackDevicesCommand from "@devicefarmer/adbkit/dist/src/adb/command/host/trackdevices";
import { adbProgram } from "../../../process/programs/adb-program.js";
import type { AdbServerAddress } from "./server-address.js";

export interface ListedDevice {
  readonly id: string;
  /** `device`, `offline`, `unauthorized`… */
  readonly type: string;
}

/** Emits `add`, `remove`, `change` (device), `changeSet`, `error`, `end`. */
export interface AdbTracker extends EventEmitter {
  end(): unknown;
}

export interface AdbClient {
  connect(host: string, port: number): PromiseLike<string>;
  trackDevices(): PromiseLike<AdbTracker>;
}

/** Their methods, with the promises that they return. */
interface Opening {
  connect(): PromiseLike<Connection>;
}
interface ConnectCommand {
  execute(host: string, port: number): PromiseLike<string>;
}
interface TrackCommand {
  execute(): PromiseLike<AdbTracker>;
}

/** Starts the server with `adb start-server` when nothing listens. */
export function createAdbClient(address: AdbServerAddress): AdbClient {
  // What `net.connect` gets; a path comes there before host and port.
  const place = "port" in address ? { host: address.host, port: address.port } : { path: address.path, port: 0 };
  const open = (): PromiseLike<Connection> => {
    const connection = new Connection({ ...place, bin: adbProgram() });
    // Errors of a socket in use: whoever uses it has its own already.
    connection.on("error", () => undefined);
    const opening: Opening = connection;
    return opening.connect();
  };
  return {
    connect: (host, port) =>
      open().then((connection) => {
        const command: ConnectCommand = new HostConnectCommand(connection);
        return command.execute(host, port);
      }),
    trackDevices: () =>
      open().then((connection) => {
        const command: TrackCommand = new HostTrackDevicesCommand(connection);
        return command.execute();
      }),
  };
}
