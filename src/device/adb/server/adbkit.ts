/**
 * The part of adbkit that we use, typed: its own declarations lean on those of bluebird, which it does not bring along.
 * Its promises are bluebird's; what is chained by `then` right on them runs before any later turn of ours.
 */
import type { EventEmitter } from "node:events";
import { Adb } from "@devicefarmer/adbkit";
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

export interface AdbClient extends EventEmitter {
  connect(host: string, port: number): PromiseLike<string>;
  trackDevices(): PromiseLike<AdbTracker>;
}

/** Starts the server with `adb start-server` when nothing listens. */
export function createAdbClient(address: AdbServerAddress): AdbClient {
  if ("port" in address) return Adb.createClient({ host: address.host, port: address.port });
  const client = Adb.createClient({ port: 0 });
  // What it hands to `net.connect` for each connection, where a path comes before host and port.
  Object.assign(client.options, { path: address.path });
  return client;
}
