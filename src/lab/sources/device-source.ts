/** Where devices come from. The fixtures know no more of it than this, and so work with phones and emulated devices alike. */
import type { Device, DeviceProcess } from "../../device/index.js";
import type { Requirement } from "../requirements/index.js";

/** A device with checkpoints. */
export interface Rewinding {
  /** What saved states are bound to: with another image, machine or emulator it is another one. */
  readonly key: string;
  /** False: the device can be saved only while no VM runs on it. */
  readonly savesRunningVms: boolean;
  /** What was kept under a key, by this run or one before. */
  find(key: string): Promise<SavedDevice | undefined>;
  /**
   * Saves all of the device as it is, VMs that run included: under a key for later runs, without one for as long as the
   * device is ours.
   */
  save(key: string | undefined, note: string, signal?: AbortSignal): Promise<SavedDevice>;
  /** Forgets one that turned out to be of no use. */
  drop(saved: SavedDevice): Promise<void>;
  /**
   * Puts the device back to what was saved; undefined: as it was before it was first used. Connections to it end. VMs that
   * were saved with it stand still until `goOn`, before which nothing may be done but to attach to them, and to read files.
   */
  restore(saved: SavedDevice | undefined, signal?: AbortSignal): Promise<void>;
  goOn(): Promise<void>;
  /** The file is over, and nobody can find again what was saved for it. Never rejects. */
  forget?(): Promise<void>;
  /** Takes the place of the client of a VM that was saved. @param device of this source, as it is connected now */
  attach(device: Device, cid: number): DeviceProcess;
}

export interface SavedDevice {
  readonly folder: string;
  /** What its maker wrote down beside it. */
  readonly note: string;
  /** Which one it is: one that is saved later under the same key is another. */
  readonly identity: string;
}

export interface LeasedDevice {
  /** What `adb -s` takes; adb lists it already. */
  readonly serial: string;
  /** For people: `emulated device avf-1`, `device 0A1B2C`. */
  readonly description: string;
  /** Of an emulated device. */
  readonly name?: string | undefined;
  /** Its handle, when it was opened to see whether it is free and fit; closed by its user. */
  readonly device?: Device;
  /** Undefined for a device without checkpoints, such as a phone. */
  readonly rewinding?: Rewinding | undefined;
  /** Aborted, with the reason, when it is somebody else's before it was given back. */
  readonly lost?: AbortSignal;
  /** Why adb lost it, where somebody knows more than adb. Takes a few seconds at most; never rejects. */
  readonly whyGone?: () => Promise<Error | undefined>;
  /** What its host knows of it, by file name, for the evidence of a failed test. Never rejects. */
  readonly hostLogs?: () => Promise<ReadonlyMap<string, string | Buffer>>;
  /** How long giving it back may take at the end of the process. Default: 10 s. */
  readonly releaseTimeoutMs?: number | undefined;
  /** Gives it back. Repeatable, and never fails because the device is gone. */
  release(): Promise<void>;
}

export interface DeviceSource {
  /** False: others wait for the device, so it is given back after each test file. */
  readonly keepBetweenFiles: boolean;
  /** Device that nobody else has until it is released. Waits for a free one as long as it takes, or the signal allows. */
  acquire(signal: AbortSignal): Promise<LeasedDevice>;
}

/** What a lab needs to know to lease a device. */
export interface LabOptions {
  readonly runId: string;
  /** How long to wait for a place that others have. */
  readonly timeoutMs: number;
  /** What the device has to have. */
  readonly match: readonly Requirement[];
  /** Called with the reason why there is no device yet, and with what happens to the lease. */
  readonly onWait: (message: string) => void;
}

/** `a,b` as `ANDROID_SERIAL` may have it; empty when unset. */
export function parseSerials(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(/[\s,]+/)
    .map((serial) => serial.trim())
    .filter((serial) => serial !== "");
}
