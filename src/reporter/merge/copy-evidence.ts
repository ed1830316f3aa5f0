/** Copies what runs saved of failed tests, so that a merged report has all that it links. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, realpathSync, writeSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { PRIVATE_FILE, PRIVATE_FOLDER } from "../../artifacts/private-files.js";
import { describeError } from "../../base/errors.js";

interface EvidenceLimits {
  readonly files: number;
  readonly bytes: number;
}

const LIMITS: EvidenceLimits = { files: 50_000, bytes: 4 * 2 ** 30 };
const CHUNK_BYTES = 1 << 20;

export class EvidenceCopier {
  #files = 0;
  #bytes = 0;
  #leftOut = 0;
  readonly #failures: string[] = [];

  constructor(private readonly limits: EvidenceLimits = LIMITS) {}

  /**
   * Names of the files that were copied. Nothing that a link leads to is read: the run may be another machine's.
   * @param from an evidence folder, below `run`
   */
  copy(run: string, from: string, names: readonly string[], to: string): readonly string[] {
    return names.filter((name) => {
      if (this.#files >= this.limits.files || this.#bytes >= this.limits.bytes) {
        this.#leftOut++;
        return false;
      }
      try {
        this.#bytes += copyFile(run, join(from, name), join(to, name));
        this.#files++;
        return true;
      } catch (error) {
        if (this.#failures.length < 5)
          this.#failures.push(`${join(from, name)} was not copied: ${describeError(error)}`);
        else this.#leftOut++;
        return false;
      }
    });
  }

  /** What is not there, and why. */
  notes(): readonly string[] {
    const left =
      this.#leftOut === 0 ? [] : [`${this.#leftOut} more saved files were left out: see the runs themselves.`];
    return [...this.#failures, ...left];
  }
}

function copyFile(run: string, from: string, to: string): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  if (!isBelow(run, realpathSync(dirname(from)))) throw new Error("it lies outside of its run");
  // Windows has neither of the last two.
  const source = openSync(from, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(source).isFile()) throw new Error("it is no file");
    mkdirSync(dirname(to), { recursive: true, mode: PRIVATE_FOLDER });
    const target = openSync(to, "wx", PRIVATE_FILE);
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let total = 0; ;) {
        const length = readSync(source, chunk, 0, chunk.length, null);
        if (length === 0) return total;
        total += length;
        for (let rest = chunk.subarray(0, length); rest.length > 0;) rest = rest.subarray(writeSync(target, rest));
      }
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

function isBelow(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside === "" || (inside !== ".." && !inside.startsWith(`..${sep}`));
}
