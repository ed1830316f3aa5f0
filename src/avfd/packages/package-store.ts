/** Installed packages, kept in /data/system/packages.json: they survive a restart of the service or of the device. */
import { existsSync, readFileSync } from "node:fs";
import { AsyncLock } from "../../base/async/async-lock.js";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import type { PackageRecord } from "./package-record.js";

const FIRST_APP_UID = 10_000;

export class PackageStore {
  readonly #records = new Map<string, PackageRecord>();
  #nextUid = FIRST_APP_UID;
  readonly #writes = new AsyncLock();

  /**
   * @param file where the packages are kept
   * @param system packages that are there from the start; what was granted to or revoked from them is remembered
   * @param isThere tells whether a code path of the device exists: records of lost APKs are dropped
   */
  constructor(
    private readonly file: string,
    system: readonly PackageRecord[],
    isThere: (codePath: string) => boolean = existsSync,
  ) {
    for (const record of system) this.#records.set(record.name, record);
    for (const record of readSaved(file)) {
      if (record.codePath !== undefined && !isThere(record.codePath)) continue;
      this.#records.set(record.name, record);
      this.#nextUid = Math.max(this.#nextUid, record.uid + 1);
    }
  }

  get(name: string): PackageRecord | undefined {
    return this.#records.get(name);
  }

  /** Sorted by name. */
  list(): readonly PackageRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  byUid(uid: number): readonly PackageRecord[] {
    return this.list().filter((record) => record.uid === uid);
  }

  /** A user id for a package that is new; ids are not used a second time. */
  allocateUid(): number {
    return this.#nextUid++;
  }

  async put(record: PackageRecord): Promise<void> {
    this.#records.set(record.name, record);
    await this.#save();
  }

  async remove(name: string): Promise<void> {
    this.#records.delete(name);
    await this.#save();
  }

  async #save(): Promise<void> {
    const write = (): Promise<void> =>
      writeFileAtomic(this.file, `${JSON.stringify({ version: 1, packages: this.list() }, undefined, 1)}\n`, {
        mode: 0o600,
      });
    await this.#writes.run(write);
  }
}

function readSaved(file: string): readonly PackageRecord[] {
  try {
    // Written by this class alone, in a folder that only root may write to.
    const saved = JSON.parse(readFileSync(file, "utf8")) as { readonly packages?: readonly PackageRecord[] };
    return saved.packages ?? [];
  } catch {
    return [];
  }
}
