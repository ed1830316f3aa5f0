/** What was worked out about APK files: for the next VM of a file that did not change, it need not be read again. */
import type { FileHandle } from "node:fs/promises";
import { createIdsig, fileHandleSource, openZip, parsePayloadConfig } from "../../apk/index.js";
import { traitsOf, type AndroidRelease } from "../../base/android-release.js";

/** As many as a test session has in use at once. */
const MAX_KNOWN = 8;
/** The idsig of a file has 1/127 of its size. */
const MAX_APK_BYTES = 256 << 20;
const MAX_CONFIG_BYTES = 1 << 20;
/** A file that was written to this short a time ago may be written to again without a change of its time. */
const MIN_AGE_MS = 100;

interface Facts {
  idsig?: Buffer;
  readonly extraApks: Map<string, readonly string[]>;
}

export class KnownApks {
  /** By identity, the one that was used last at the end. */
  readonly #known = new Map<string, Facts>();

  /**
   * The idsig as that release makes it; undefined for a file so large that it is better written piece by piece.
   * @throws what making it throws
   */
  async idsig(apk: FileHandle, release: AndroidRelease, signal: AbortSignal): Promise<Buffer | undefined> {
    const facts = await this.#facts(apk, release);
    if (facts === undefined) return undefined;
    return (facts.idsig ??= await createIdsig(await fileHandleSource(apk), {
      dialect: traitsOf(release).service.formats,
      sdk: traitsOf(release).sdk,
      signal,
    }));
  }

  /** What the payload config of that name asks for. @throws when the file or the config is not as it should be */
  async extraApks(apk: FileHandle, configPath: string, release: AndroidRelease): Promise<readonly string[]> {
    const facts = await this.#facts(apk, release);
    const known = facts?.extraApks.get(configPath);
    if (known !== undefined) return known;
    const zip = await openZip(await fileHandleSource(apk));
    const json = await zip.read(configPath, { maxBytes: MAX_CONFIG_BYTES });
    const { extraApks } = parsePayloadConfig(json, { dialect: traitsOf(release).service.formats, name: configPath });
    facts?.extraApks.set(configPath, extraApks);
    return extraApks;
  }

  /** Of the file as it is now. What is learnt about one that is too young to be told from a later state is not kept. */
  async #facts(apk: FileHandle, release: AndroidRelease): Promise<Facts | undefined> {
    const { dev, ino, size, ctimeNs, ctimeMs } = await apk.stat({ bigint: true });
    if (size > MAX_APK_BYTES) return undefined;
    const ageMs = Date.now() - Number(ctimeMs);
    if (ageMs < MIN_AGE_MS) return { extraApks: new Map() };
    const key = [dev, ino, size, ctimeNs, release].join(":");
    const facts = this.#known.get(key) ?? { extraApks: new Map() };
    this.#known.delete(key);
    this.#known.set(key, facts);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return facts;
  }
}
