/** `/data/tombstones`, as Android's tombstoned keeps it: a ring of files. */
import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AsyncLock } from "../../base/async/async-lock.js";

/** `tombstoned.max_tombstone_count` where nobody has set it. */
const MAX_FILES = 32;

export class TombstoneStore {
  readonly #writes = new AsyncLock();

  constructor(private readonly folder: string) {}

  /** @returns the name of the file, e.g. `tombstone_00` */
  add(text: string): Promise<string> {
    return this.#writes.run(() => this.#write(text));
  }

  async #write(text: string): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    const name = await this.#nextName();
    const draft = join(this.folder, `.temporary-${name}`);
    await writeFile(draft, text, { mode: 0o640 });
    await rename(draft, join(this.folder, name));
    return name;
  }

  /** The first that is free, or the oldest. */
  async #nextName(): Promise<string> {
    const taken = new Set(await readdir(this.folder));
    const names = Array.from({ length: MAX_FILES }, (_none, index) => `tombstone_${String(index).padStart(2, "0")}`);
    const free = names.find((name) => !taken.has(name));
    if (free !== undefined) return free;
    const ages = await Promise.all(
      names.map(async (name) => ({ name, ms: (await stat(join(this.folder, name))).mtimeMs })),
    );
    return ages.reduce((oldest, each) => (each.ms < oldest.ms ? each : oldest)).name;
  }
}
