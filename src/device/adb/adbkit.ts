/**
 * The part of adbkit that we use, typed: its own declarations lean on those of bluebird, which it does not bring along.
 * Its promises are bluebird's; what is chained by `then` right on them runs before any later turn of ours.
 */
import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { Adb } from "@devicefarmer/adbkit";

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
  getDevice(serial: string): AdbDeviceClient;
}

export interface AdbForward {
  readonly serial: string;
  readonly local: string;
  readonly remote: string;
}

export interface AdbDeviceClient {
  getState(): PromiseLike<string>;
  /** Those of all devices. */
  listForwards(): PromiseLike<readonly AdbForward[]>;
  /** A connection to a service of the device, e.g. `sync:`. */
  openLocal(service: string): PromiseLike<Duplex>;
}

/** Starts the server with `adb start-server` when nothing listens. */
export function createAdbClient(host: string, port: number): AdbClient {
  return Adb.createClient({ host, port });
}
