/** Options of a target preparer in an `AndroidTest.xml`, as Tradefed's OptionSetter reads them. */
import { UsageError } from "../base/errors.js";

/** Option and the key it may have, e.g. `push-file` with key = source and value = destination. */
export interface Option {
  readonly name: string;
  readonly value: string;
  readonly key: string | undefined;
}

export interface PushPair {
  /** Host file, relative to the suite's root. */
  readonly source: string;
  readonly destination: string;
}

/** Takes options by name, and remembers which nobody asked for. */
export class OptionReader {
  readonly #read = new Set<string>();

  constructor(
    readonly fileName: string,
    readonly className: string,
    private readonly options: readonly Option[],
  ) {}

  /** Whether the preparer has an option of that name. */
  has(name: string): boolean {
    return this.#read.has(name);
  }

  all(name: string): readonly string[] {
    this.#read.add(name);
    const found = this.options.filter((option) => option.name === name);
    if (found.some(({ key }) => key !== undefined)) throw this.#bad(`option ${name} takes no key`);
    return found.map(({ value }) => value);
  }

  keyed(name: string): readonly { key: string; value: string }[] {
    this.#read.add(name);
    return this.options
      .filter((option) => option.name === name)
      .map(({ key, value }) => {
        if (key) return { key, value };
        throw this.#bad(`option ${name} has no key`);
      });
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.all(name).at(-1);
    if (value === undefined) return fallback;
    if (/^(?:true|yes)$/i.test(value)) return true;
    if (/^(?:false|no)$/i.test(value)) return false;
    throw this.#bad(`option ${name} is ${JSON.stringify(value)}, not true or false`);
  }

  /** `source->destination`. */
  arrow(text: string): PushPair {
    const match = /^\s*(.+?)\s*->\s*(.+?)\s*$/.exec(text);
    if (!match || text.split("->").length > 2)
      throw this.#bad(`option push is ${JSON.stringify(text)}, not "source->destination"`);
    return { source: match[1] ?? "", destination: match[2] ?? "" };
  }

  refuseOthers(): void {
    const unknown = this.options.find(({ name }) => !this.#read.has(name));
    if (unknown) throw this.#bad(`option ${JSON.stringify(unknown.name)} is unknown`);
  }

  #bad(why: string): UsageError {
    return bad(this.fileName, `target preparer ${this.className}: ${why}`);
  }
}

/** The options of a super-class have its name, too. */
const ALIASES = ["apk-installer", "tests-zip-app", "push-file", "file-pusher", "run-command", "root-preparer"];

/** Tradefed gives what stands outside of the preparers to each that has an option of that name. */
export function refuseOptionsOutside(options: readonly Option[], preparers: readonly OptionReader[]): void {
  for (const { name } of options) {
    const at = name.lastIndexOf(":");
    const namespace = name.slice(0, Math.max(0, at)).replace(/:\d+$/, "");
    const isFor = ({ className }: OptionReader): boolean =>
      namespace === "" || ALIASES.includes(namespace) || namespace === className;
    const preparer = preparers.find((each) => each.has(name.slice(at + 1)) && isFor(each));
    if (preparer === undefined) continue;
    throw bad(
      preparer.fileName,
      `option ${JSON.stringify(name)} is outside of target preparer ${preparer.className}, where it is not read`,
      "write it into the target_preparer",
    );
  }
}

export function bad(fileName: string, why: string, hint?: string): UsageError {
  return new UsageError("ANDROID_TEST_XML", `${fileName}: ${why}.`, { hint });
}
