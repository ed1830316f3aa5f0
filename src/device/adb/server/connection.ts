/** What every part of an adb device shares. */
import type { Socket } from "node:net";
import { withDeadline } from "../../../base/deadline.js";
import { describeError, isHarnessError, isError } from "../../../base/errors.js";
import { DEFAULT_CALL_TIMEOUT_MS } from "../shell/call.js";
import { ask, openService } from "./smart-socket.js";
import { stateError, type DeviceState } from "../device-errors.js";
import type { AdbServer } from "./server.js";
import type { DeviceTracking } from "./tracking.js";

export class AdbConnection {
  constructor(
    readonly server: AdbServer,
    readonly serial: string,
    readonly tracking: DeviceTracking,
  ) {}

  get gone(): AbortSignal {
    return this.tracking.gone;
  }

  /** A service of the device: `sync:`, `shell,v2,raw:COMMAND`, `vsock:CID:PORT`. @throws AdbRefusal */
  open(service: string, signal: AbortSignal): Promise<Socket> {
    return openService(this.server.address, this.serial, service, signal);
  }

  /** `adb` for this device. */
  adb(...args: readonly string[]): readonly string[] {
    return [...this.server.command, "-s", this.serial, ...args];
  }

  /**
   * What the server thinks of the device right now: the list that we follow may lag by a moment.
   * @throws TimeoutError when the server does not answer
   */
  async state(): Promise<DeviceState> {
    if (this.gone.aborted) return "absent";
    const what = `the adb server to tell the state of ${this.serial}`;
    const wait = { timeoutMs: DEFAULT_CALL_TIMEOUT_MS, signal: this.gone };
    try {
      return await withDeadline(what, wait, (signal) =>
        ask(this.server.address, `host-serial:${this.serial}:get-state`, signal),
      );
    } catch (error) {
      if (isHarnessError(error) && error.code === "TIMEOUT") throw error;
      return "absent";
    }
  }

  /**
   * Throws when the device is not there any more. An `adb shell` whose connection breaks ends with exit code 0 and
   * whatever output had come (adb 29), so success means something only while the device is still there after it.
   */
  async assertStillThere(): Promise<void> {
    this.gone.throwIfAborted();
    const state = await this.state();
    if (state === "device") return;
    this.tracking.markGone(state === "absent" ? "adb does not list it any more" : `adb calls it ${state} now`);
    this.gone.throwIfAborted();
    throw stateError(this.serial, state);
  }

  /** The better of two explanations: a device that left, or the error itself. */
  async explain(error: unknown): Promise<Error> {
    try {
      await this.assertStillThere();
    } catch (gone) {
      return gone as Error;
    }
    return isError(error) ? error : new Error(describeError(error));
  }
}
