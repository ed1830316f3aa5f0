/** Follows the adb server's list of devices, so that a device that leaves is noticed at once. */
import { withDeadline, type WaitOptions } from "../../../base/deadline.js";
import { describeError } from "../../../base/errors.js";
import { sharedController } from "../../../base/async/shared-signal.js";
import type { AdbTracker, ListedDevice } from "./adbkit.js";
import { goneError, stateError } from "../device-errors.js";
import type { AdbServer } from "./server.js";

export interface DeviceTracking {
  /** Aborted with the reason as soon as the device is not usable any more, or the server ended. */
  readonly gone: AbortSignal;
  /** For those who noticed before the list did. */
  markGone(how: string): void;
  close(): void;
}

/** Resolves when the device is there and usable; rejects with the reason when it is not. */
export async function trackDevice(server: AdbServer, serial: string, wait: WaitOptions): Promise<DeviceTracking> {
  const list = new TrackedDevice(serial);
  await withDeadline(`device ${serial} in adb's list`, wait, async (signal) => {
    signal.addEventListener("abort", () => {
      if (!list.usable) list.close();
    });
    // Listeners are attached within adbkit's own promise: one turn later the first list may have come and gone.
    await server.client.trackDevices().then((tracker) => list.follow(tracker));
    await list.first;
  });
  return { gone: list.gone.signal, markGone: (how) => list.markGone(how), close: () => list.close() };
}

class TrackedDevice {
  readonly gone = sharedController();
  readonly first: Promise<void>;
  usable = false;
  #tracker: AdbTracker | undefined;
  #closed = false;
  #settleFirst: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(private readonly serial: string) {
    this.first = new Promise((resolve, reject) => (this.#settleFirst = { resolve, reject }));
    this.first.catch(() => undefined);
  }

  follow(tracker: AdbTracker): void {
    this.#tracker = tracker;
    if (this.#closed) tracker.end();
    tracker.once("changeSet", ({ added }: { added: readonly ListedDevice[] }) => this.#readFirst(added));
    tracker.on("remove", (device: ListedDevice) => {
      if (device.id === this.serial) this.markGone("adb does not list it any more");
    });
    tracker.on("change", (device: ListedDevice) => {
      if (device.id === this.serial && device.type !== "device") this.markGone(`adb calls it ${device.type} now`);
    });
    tracker.on("error", (error: unknown) => this.markGone(`the adb server broke off (${describeError(error)})`));
    tracker.on("end", () => this.markGone("the adb server ended"));
  }

  markGone(how: string): void {
    const error = goneError(this.serial, how);
    this.#settleFirst?.reject(error);
    if (this.usable && !this.#closed && !this.gone.signal.aborted) this.gone.abort(error);
  }

  close(): void {
    this.#closed = true;
    this.#tracker?.end();
  }

  #readFirst(added: readonly ListedDevice[]): void {
    const state = added.find((device) => device.id === this.serial)?.type ?? "absent";
    this.usable = state === "device";
    if (this.usable) this.#settleFirst?.resolve();
    else
      this.#settleFirst?.reject(
        stateError(
          this.serial,
          state,
          added.map(({ id, type }) => `${id} (${type})`),
        ),
      );
  }
}
