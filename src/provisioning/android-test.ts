/** `AndroidTest.xml`, as Tradefed reads it: what to put on the device before a suite runs. */
import { UsageError } from "../base/errors.js";
import { attributeOf, elementsOf, readXml, XmlError, type XmlElement } from "../xml/index.js";

export type ProvisioningStep =
  | { readonly kind: "install"; readonly files: readonly string[] }
  | {
      readonly kind: "push";
      readonly pairs: readonly PushPair[];
      readonly cleanup: boolean;
      readonly abortOnFailure: boolean;
    }
  | {
      readonly kind: "command";
      readonly run: readonly string[];
      readonly teardown: readonly string[];
      readonly throwOnFailure: boolean;
    }
  /** adbd as root for the run, or as shell, and as it was after it. */
  | { readonly kind: "root"; readonly root: boolean; readonly throwOnFailure: boolean };

export interface PushPair {
  /** Host file, relative to the suite's root. */
  readonly source: string;
  readonly destination: string;
}

/** Option and the key it may have, e.g. `push-file` with key = source and value = destination. */
interface Option {
  readonly name: string;
  readonly value: string;
  readonly key: string | undefined;
}

const MAX_BYTES = 1 << 20;

/**
 * Target preparers in their order. The `test` elements name Java runners and do not concern us.
 * @throws UsageError for a preparer or option that we cannot honour, by its name
 */
export function parseAndroidTest(xml: string | Uint8Array, fileName = "AndroidTest.xml"): readonly ProvisioningStep[] {
  const root = parseRoot(xml, fileName);
  if (root.name !== "configuration") throw bad(fileName, "there is no <configuration>");
  return preparersOf(root, fileName).flatMap((preparer) => {
    const className = attributeOf(preparer, "class");
    if (className === undefined) throw bad(fileName, "a target_preparer has no class");
    return readPreparer(fileName, className, preparer);
  });
}

/** All that says what to do with the device and is not done is refused: a suite would run on another device than it expects. */
function preparersOf(root: XmlElement, fileName: string): readonly XmlElement[] {
  const devices = elementsOf(root).filter(({ name }) => name === "device");
  if (devices.length > 1) throw bad(fileName, `it is for ${devices.length} devices, and a suite has one`);
  const preparers = [root, ...devices].map((parent) => preparersIn(parent, fileName));
  const [outside = [], inDevice = []] = preparers;
  if (devices.length > 0 && outside.length > 0) {
    throw bad(fileName, "a target_preparer is outside of <device>, as Tradefed does not allow");
  }
  return [...outside, ...inDevice];
}

function preparersIn(parent: XmlElement, fileName: string): readonly XmlElement[] {
  const elements = elementsOf(parent);
  const other = elements.find(({ name }) => name !== "target_preparer" && /prepar|include/.test(name));
  if (other === undefined) return elements.filter(({ name }) => name === "target_preparer");
  throw bad(
    fileName,
    `<${other.name}> is not supported`,
    "write the target_preparers that it stands for into the file",
  );
}

function parseRoot(xml: string | Uint8Array, fileName: string): XmlElement {
  try {
    return readXml(xml, { maxBytes: MAX_BYTES });
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw bad(fileName, cause.message);
  }
}

function readPreparer(fileName: string, className: string, element: XmlElement): readonly ProvisioningStep[] {
  const options = elementsOf(element).map((option): Option => {
    const [name, value, key] = ["name", "value", "key"].map((each) => attributeOf(option, each));
    if (option.name === "option" && name !== undefined && value !== undefined) return { name, value, key };
    const what = option.name === "option" ? `option ${name ?? ""} has no ${name === undefined ? "name" : "value"}` : "";
    throw bad(fileName, `target preparer ${className}: ${what || `<${option.name}> is in it, not an option`}`);
  });
  const reader = new OptionReader(fileName, className, options);
  const disabled = reader.flag("disable", false);
  const step = readStep(className.slice(className.lastIndexOf(".") + 1), reader);
  if (step === undefined) {
    throw bad(fileName, `target preparer ${className} is unknown`, "take it out, or do in the suite what it would do");
  }
  reader.refuseOthers();
  return disabled ? [] : step;
}

function readStep(name: string, options: OptionReader): readonly ProvisioningStep[] | undefined {
  switch (name) {
    case "SuiteApkInstaller":
    case "TestAppInstallSetup":
      // Ours uninstalls what it installed in any case, and installs for tests in any case.
      options.flag("cleanup-apks", true);
      return [{ kind: "install", files: options.all("test-file-name") }];
    case "PushFilePreparer":
    case "FilePusher":
      return [
        {
          kind: "push",
          pairs: [
            ...options.all("push").map((text) => options.arrow(text)),
            ...options.keyed("push-file").map(({ key, value }) => ({ source: key, destination: value })),
          ],
          cleanup: options.flag("cleanup", false),
          abortOnFailure: options.flag("abort-on-push-failure", true),
        },
        ...after(options.all("post-push")),
      ];
    case "RunCommandTargetPreparer":
      return [
        {
          kind: "command",
          run: options.all("run-command"),
          teardown: options.all("teardown-command"),
          throwOnFailure: options.flag("throw-if-cmd-fail", false),
        },
      ];
    case "RootTargetPreparer":
      return [
        {
          kind: "root",
          root: options.flag("force-root", true),
          throwOnFailure: options.flag("throw-on-error", true),
        },
      ];
    default:
      return undefined;
  }
}

function after(commands: readonly string[]): readonly ProvisioningStep[] {
  return commands.length === 0 ? [] : [{ kind: "command", run: commands, teardown: [], throwOnFailure: false }];
}

/** Takes options by name, and remembers which nobody asked for. */
class OptionReader {
  readonly #read = new Set<string>();

  constructor(
    private readonly fileName: string,
    private readonly className: string,
    private readonly options: readonly Option[],
  ) {}

  all(name: string): readonly string[] {
    this.#read.add(name);
    return this.options.filter((option) => option.name === name).map(({ value }) => value);
  }

  keyed(name: string): readonly { key: string; value: string }[] {
    this.#read.add(name);
    return this.options
      .filter((option) => option.name === name)
      .map(({ key, value }) => {
        if (key !== undefined) return { key, value };
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
    if (!match) throw this.#bad(`option push is ${JSON.stringify(text)}, not "source->destination"`);
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

function bad(fileName: string, why: string, hint?: string): UsageError {
  return new UsageError("ANDROID_TEST_XML", `${fileName}: ${why}.`, { hint });
}
