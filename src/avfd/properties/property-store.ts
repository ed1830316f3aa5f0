/** System properties. Those that begin with `persist.` survive a restart of the device; all survive the service. */
import { readFileSync } from "node:fs";
import { AsyncLock } from "../../base/async/async-lock.js";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import type { VolatileState } from "../volatile-state.js";

const PERSISTENT_PREFIX = "persist.";

export class PropertyStore {
  readonly #values = new Map<string, string>();
  readonly #listeners = new Map<string, (value: string) => void>();
  readonly #writes = new AsyncLock();

  /**
   * @param file where persistent properties are kept; undefined: nowhere
   * @param volatile where the others are kept while the device runs; undefined: nowhere
   */
  constructor(
    private readonly file?: string,
    private readonly volatile?: VolatileState<Readonly<Record<string, string>>>,
  ) {
    for (const [name, value] of Object.entries(volatile?.read() ?? {})) this.#values.set(name, value);
    for (const [name, value] of readSaved(file)) this.#values.set(name, value);
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Sets without any check; `property-rules.ts` has the ones for commands. Settles when a persistent one is saved. */
  async set(name: string, value: string): Promise<void> {
    const isNew = this.#values.get(name) !== value;
    const isPersistent = name.startsWith(PERSISTENT_PREFIX);
    // Devices that continue from a snapshot set what is mostly as it was, and are waited for.
    if (!isPersistent && !isNew) return;
    this.#values.set(name, value);
    if (isNew) this.#listeners.get(name)?.(value);
    if (isPersistent) await this.#save();
    else this.#keep();
  }

  /** Called from now on whenever `set` changes the value of that one; it replaces an earlier listener. */
  onChange(name: string, listener: (value: string) => void): void {
    this.#listeners.set(name, listener);
  }

  /** Properties of the build, which a change of release replaces; what was set since under other names stays. */
  load(properties: ReadonlyMap<string, string>): void {
    for (const [name, value] of properties) {
      if (name.startsWith(PERSISTENT_PREFIX) && this.#values.has(name)) continue;
      this.#values.set(name, value);
    }
    this.#keep();
  }

  delete(name: string): void {
    this.#values.delete(name);
    this.#keep();
  }

  /** Sorted by name, as `getprop` lists them. */
  entries(): readonly (readonly [string, string])[] {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #keep(): void {
    this.volatile?.write(Object.fromEntries(this.entries().filter(([name]) => !name.startsWith(PERSISTENT_PREFIX))));
  }

  async #save(): Promise<void> {
    const file = this.file;
    if (file === undefined) return;
    const saved = Object.fromEntries(this.entries().filter(([name]) => name.startsWith(PERSISTENT_PREFIX)));
    const write = (): Promise<void> =>
      writeFileAtomic(file, `${JSON.stringify(saved, undefined, 1)}\n`, { mode: 0o600 });
    await this.#writes.run(write);
  }
}

function readSaved(file: string | undefined): readonly (readonly [string, string])[] {
  if (file === undefined) return [];
  try {
    const saved: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof saved !== "object" || saved === null) return [];
    return Object.entries(saved).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : [],
    );
  } catch {
    // Absent on a fresh device; a damaged file must not keep the device from starting.
    return [];
  }
}
