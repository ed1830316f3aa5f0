/** A device with the VMs on it, and the ways back: moments that were saved, each with the VM objects that belong to it. */
import type { RunRecord } from "../artifacts/run-record.js";
import { AsyncLock } from "../base/async/async-lock.js";
import { atOnce } from "../base/async/at-once.js";
import { UsageError } from "../base/errors.js";
import type { ManagerMoment } from "../virtualmachine/index.js";
import type { App } from "./app.js";
import type { Rewinding, SavedDevice } from "./sources/device-source.js";

/** A moment of a device that it can be put back to. */
export interface Checkpoint {
  readonly name: string;
  readonly saved: SavedDevice;
  /** By package name. */
  readonly moments: ReadonlyMap<string, ManagerMoment>;
}

export interface TimelineOptions {
  readonly rewinding: Rewinding;
  readonly apps: readonly App[];
  /** Puts on a pristine device what the suite needs. */
  readonly equip: () => Promise<void>;
  readonly record: RunRecord | undefined;
}

/** What is written down beside a saved device. */
interface Note {
  readonly version: 1;
  readonly name: string;
  readonly vms: Readonly<Record<string, ManagerMoment["past"]>>;
}

const PRISTINE = "pristine";

export class Timeline {
  /** What the device is put through, one after the other: a test that timed out may have left something under way. */
  readonly #turns = new AsyncLock();

  constructor(private readonly options: TimelineOptions) {}

  /** What checkpoints are bound to beside what the suite did. */
  get key(): string {
    return this.options.rewinding.key;
  }

  /** False: where VMs run, the way back is by booting. */
  get savesRunningVms(): boolean {
    return this.options.rewinding.savesRunningVms;
  }

  /** What an earlier run kept under this key. */
  async find(key: string): Promise<Checkpoint | undefined> {
    const saved = await this.options.rewinding.find(key);
    const note = saved && parseNote(saved.note);
    if (!saved || !note) return undefined;
    const moments = Object.entries(note.vms).map(([name, past]) => [name, { past, objects: new Map() }] as const);
    return { name: note.name, saved, moments: new Map(moments) };
  }

  /**
   * Saves the device as it is now. The device keeps running; VMs are paused meanwhile.
   * @param key undefined: the checkpoint ends with the device
   */
  save(name: string, key?: string, signal?: AbortSignal): Promise<Checkpoint> {
    return this.#turns.run(() => this.#save(name, key, signal));
  }

  async #save(name: string, key?: string, signal?: AbortSignal): Promise<Checkpoint> {
    const { rewinding, apps, record } = this.options;
    const begun = performance.now();
    const moments = new Map(apps.map(({ packageName, vmm }) => [packageName, vmm.moment()]));
    if (!rewinding.savesRunningVms) requireNoVms(moments);
    const vms = Object.fromEntries([...moments].map(([packageName, { past }]) => [packageName, past]));
    const note: Note = { version: 1, name, vms };
    const saved = await rewinding.save(key, JSON.stringify(note), signal);
    const checkpoint = { name, saved, moments };
    const ended = changedVm(checkpoint);
    if (ended !== undefined) {
      await rewinding.drop(saved);
      throw new UsageError("CHECKPOINT_MOVED", `VM "${ended}" ended while checkpoint "${name}" was made.`, {
        hint: "make checkpoints when VMs are idle: wait until they have done what they do",
      });
    }
    record?.add({
      kind: "checkpoint-saved",
      checkpoint: name,
      kept: key !== undefined,
      durationMs: performance.now() - begun,
    });
    return checkpoint;
  }

  async drop({ saved }: Checkpoint): Promise<void> {
    await this.options.rewinding.drop(saved);
  }

  /** The file is over. */
  forget(): Promise<void> {
    return this.#turns.run(async () => this.options.rewinding.forget?.());
  }

  /** Puts device and VMs back. VM objects that are not of that moment are deleted. */
  restore({ name, saved, moments }: Checkpoint, signal?: AbortSignal): Promise<void> {
    return this.#turns.run(() => this.#goTo(name, saved, (app) => moments.get(app.packageName), signal));
  }

  /** As before the suite's first step: nothing on it but what the suite installs. */
  restart(signal?: AbortSignal): Promise<void> {
    return this.#turns.run(async () => {
      await this.#goTo(PRISTINE, undefined, () => undefined, signal);
      await this.options.equip();
    });
  }

  /** Detaches from all VMs without events: what happens to the device now does not count for them. */
  async leave(): Promise<void> {
    await Promise.all(this.options.apps.map(({ vmm }) => vmm.leave()));
  }

  async #goTo(
    name: string,
    saved: SavedDevice | undefined,
    momentOf: (app: App) => ManagerMoment | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { rewinding, apps, record } = this.options;
    const begun = performance.now();
    await this.leave();
    await rewinding.restore(saved, signal);
    try {
      await atOnce(...apps.map((app) => () => app.vmm.rewind(momentOf(app) ?? { past: [], objects: new Map() }, name)));
    } catch (error) {
      // It is on the device, and to be of use. Why the device itself is of none would say more.
      if (saved !== undefined) await rewinding.goOn();
      throw error;
    }
    // Now that somebody listens to all VMs.
    if (saved !== undefined) await rewinding.goOn();
    for (const { vmm } of apps) vmm.follow();
    record?.add({ kind: "device-restored", checkpoint: name, durationMs: performance.now() - begun });
  }
}

function requireNoVms(moments: Checkpoint["moments"]): void {
  const running = [...moments.values()].flatMap(({ past }) => past).find((vm) => vm.running !== undefined);
  if (running === undefined) return;
  throw new UsageError("CANNOT_SAVE", `VM "${running.name}" runs, and this device can be saved only while none does.`, {
    hint: "stop it first, or start tests from checkpoint(name, setUp): they boot on such a device",
  });
}

/** Name of a VM that does not run any more although the checkpoint has it running. */
function changedVm({ moments }: Checkpoint): string | undefined {
  for (const { past, objects } of moments.values()) {
    const ended = past.find(({ name, running }) => running !== undefined && objects.get(name)?.vm.cid !== running.cid);
    if (ended) return ended.name;
  }
  return undefined;
}

/** Undefined for one of another version of ours. */
function parseNote(text: string): Note | undefined {
  const note = JSON.parse(text) as Partial<Note>;
  return note.version === 1 && typeof note.name === "string" && note.vms ? (note as Note) : undefined;
}
