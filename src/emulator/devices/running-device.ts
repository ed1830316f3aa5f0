/** An emulated device in the hands of who started it: it can be saved, put back to what was saved, and ended. */
import { statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { AndroidRelease } from "../../base/android-release.js";
import { eitherSignal } from "../../base/async/shared-signal.js";
import { makePrivate, PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import { sharedController } from "../../base/async/shared-signal.js";
import { saveRunning } from "../checkpoints/save-running.js";
import { IMAGE_FILES } from "../image/files.js";
import type { DeviceCpus } from "../machine/arguments.js";
import type { Machine } from "../machine/launch.js";
import { SNAPSHOT_FILES } from "../snapshot/state.js";
import {
  bringBack,
  bringUp,
  launchDevice,
  originalDisk,
  originalMemory,
  type BringUp,
  type Origin,
} from "./bring-up.js";
import { forgetAdb, forgetAdbOfEnded } from "./adb-connection.js";
import { forgetDevice, updateRecord, writeRecord, type DeviceRecord } from "./records.js";
import type { VmmDescription } from "./vmm.js";

export interface EmulatedDevice {
  readonly name: string;
  /** What `adb -s` wants: the connection is made already. Stays the same when the device is put back. */
  readonly serial: string;
  readonly adbPort: number;
  readonly release: AndroidRelease;
  readonly accelerator: string;
  readonly cpus: DeviceCpus;
  /** What its VMs run on; undefined when it cannot run any. */
  readonly vmm: VmmDescription | undefined;
  /** The snapshot it started from; what is saved of it belongs to that. */
  readonly snapshotFolder: string;
  /** What is saved of it belongs to: that very image and snapshot, which may be rebuilt under the same names. */
  readonly originKey: string;
  /** On this host; removed with the device. */
  readonly folder: string;
  /** Aborted with the reason when the device ended by itself. */
  readonly ended: AbortSignal;
  /**
   * Writes all of the device as it is now, VMs that run included, into a new folder. The device stands still for a part of
   * that, some tenths of a second, and continues; connections to it stay.
   */
  save(folder: string, signal?: AbortSignal): Promise<void>;
  /**
   * Puts the device back to what `save` wrote, or makes it pristine (default). Its QEMU is replaced: adb's connections and
   * forwards end, and clients of VMs are gone for the device; the VMs are not.
   * @param options `holdVms`: they stand still until `goOn`, and before that the device is there for nothing but to attach to
   * them, and to read files
   */
  restore(folder?: string, options?: RestoreOptions): Promise<void>;
  /** After a restore with `holdVms`: settles when the device may be used, and its VMs are about to continue. */
  goOn(): Promise<void>;
  /** Ends the device and removes all of it. Repeatable. */
  stop(): Promise<void>;
}

interface RestoreOptions {
  readonly signal?: AbortSignal | undefined;
  readonly holdVms?: boolean;
}

const GO_ON_TIMEOUT_MS = 30_000;

export class RunningDevice implements EmulatedDevice {
  readonly #ended = sharedController();
  #machine: Machine;
  #origin: Origin;
  /** Their end is not the device's. */
  readonly #replaced = new WeakSet<Machine>();
  #stopping: Promise<void> | undefined;
  /** Of a device with VMs that are held. */
  #ready: Promise<void> = Promise.resolve();

  constructor(
    private readonly record: DeviceRecord,
    machine: Machine,
    private readonly start: BringUp,
    readonly vmm: VmmDescription | undefined,
  ) {
    this.#machine = machine;
    this.#origin = start.origin;
    this.#watch(machine);
    if (start.detached) machine.detach();
  }

  get name(): string {
    return this.record.name;
  }

  get serial(): string {
    return this.record.serial;
  }

  get adbPort(): number {
    return this.record.adbPort;
  }

  get release(): AndroidRelease {
    return this.record.release;
  }

  get accelerator(): string {
    return this.record.accelerator;
  }

  get cpus(): DeviceCpus {
    return this.start.ready.cpus;
  }

  get snapshotFolder(): string {
    return this.start.ready.snapshotFolder;
  }

  get originKey(): string {
    const { imageFolder, snapshotFolder } = this.start.ready;
    const made = [join(imageFolder, IMAGE_FILES.root), join(snapshotFolder, SNAPSHOT_FILES.state)];
    return [basename(snapshotFolder), ...made.map((path) => statSync(path).mtimeMs)].join(" ");
  }

  get folder(): string {
    return this.start.folder;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  async save(folder: string, signal?: AbortSignal): Promise<void> {
    this.#requireAttached("saved");
    const { ready } = this.start;
    await mkdir(folder, { mode: PRIVATE_FOLDER });
    try {
      await saveRunning({
        ...{ machine: this.#machine, folder, deviceFolder: this.folder },
        memoryFile: originalMemory(this.folder, this.#origin),
        dataDisk: originalDisk(ready, this.#origin),
        signal: signal ? eitherSignal(signal, this.ended) : this.ended,
      });
      makePrivate(folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async restore(folder = this.snapshotFolder, { signal, holdVms = false }: RestoreOptions = {}): Promise<void> {
    this.#requireAttached("restored");
    this.#origin = { kind: "saved", folder };
    const start: BringUp = { ...this.start, origin: this.#origin };
    // As one that starts: a sweep treats a device whose machine is dead as left behind.
    if (!(await updateRecord(this.start.ready.cache, this.record))) throw this.#swept();
    // adb would find the end of the connection by itself, but only when it next uses it.
    await Promise.all([this.#replace(this.#machine), forgetAdb(this.serial)]);
    const machine = launchDevice(start);
    this.#machine = machine;
    const { cache } = this.start.ready;
    const either = signal ? eitherSignal(signal, machine.ended) : machine.ended;
    const known = writeRecord(cache, { ...this.record, machine: machine.identify() });
    // The device has not ended: it may be put back to something else.
    const giveUp = async (error: unknown): Promise<never> => {
      await this.#replace(machine);
      await known.catch(() => undefined);
      const kept = this.#machine !== machine || (await updateRecord(cache, this.record).catch(() => true));
      if (!kept) this.#ended.abort(this.#swept());
      throw error;
    };
    if (holdVms) {
      const [{ ready }] = await Promise.all([bringBack(machine, start, either), known]).catch(giveUp);
      this.#ready = ready.then(() => this.#watch(machine), giveUp);
      this.#ready.catch(() => undefined);
    } else {
      await Promise.all([bringUp(machine, start, either), known]).catch(giveUp);
      this.#watch(machine);
    }
  }

  async goOn(): Promise<void> {
    await this.#ready;
    const machine = this.#machine;
    // It obeys within some milliseconds; its answer would come late, for the VMs run by then.
    machine.control.request({ command: "thaw" }, GO_ON_TIMEOUT_MS, machine.ended).catch((cause: unknown) => {
      if (machine.ended.aborted) return undefined;
      const { name } = this;
      this.#ended.abort(new InfrastructureError("DEVICE_NOT_READY", `The VMs of ${name} do not resume.`, { cause }));
      return machine.kill().catch(() => undefined);
    });
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    await this.#machine.kill();
    await forgetDevice(this.start.ready.cache, this.record);
    await forgetAdbOfEnded({ serial: this.serial });
  }

  /** Ends the machine without ending the device. */
  async #replace(machine: Machine): Promise<void> {
    this.#replaced.add(machine);
    await machine.kill();
  }

  #watch(machine: Machine): void {
    const tell = (): void => {
      if (!this.#replaced.has(machine)) this.#ended.abort(machine.ended.reason);
    };
    if (machine.ended.aborted) tell();
    else machine.ended.addEventListener("abort", tell, { once: true });
  }

  #swept(): InfrastructureError {
    return new InfrastructureError(
      "DEVICE_ENDED",
      `Device ${this.name} has ended, and another process removed what was left of it.`,
    );
  }

  #requireAttached(what: string): void {
    if (this.start.detached) {
      throw new UsageError("DEVICE_DETACHED", `Device ${this.name} runs on its own and cannot be ${what}.`, {
        hint: "only a device that the run has started can be: unset ANDROID_SERIAL, and let the run start one",
      });
    }
    if (this.ended.aborted || this.#stopping) {
      throw new InfrastructureError("DEVICE_ENDED", `Device ${this.name} has ended and cannot be ${what}.`);
    }
  }
}
