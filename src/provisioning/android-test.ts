/** `AndroidTest.xml`, as Tradefed reads it: what to put on the device before a suite runs. */
import { attributeOf, elementsOf, readXml, XmlError, type XmlElement } from "../xml/index.js";
import { bad, OptionReader, refuseOptionsOutside, type Option, type PushPair } from "./preparer-options.js";

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

const MAX_BYTES = 1 << 20;

/**
 * Target preparers in their order. The `test` elements name Java runners and do not concern us.
 * @throws UsageError for a preparer or option that we cannot honour, by its name
 */
export function parseAndroidTest(xml: string | Uint8Array, fileName = "AndroidTest.xml"): readonly ProvisioningStep[] {
  const root = parseRoot(xml, fileName);
  if (root.name !== "configuration") throw bad(fileName, "there is no <configuration>");
  const read = preparersOf(root, fileName).map((preparer) => {
    const className = attributeOf(preparer, "class");
    if (className === undefined) throw bad(fileName, "a target_preparer has no class");
    return readPreparer(fileName, className, preparer);
  });
  const outside = [root, ...devicesOf(root)].flatMap((parent) => optionsOf(parent, fileName, parent.name));
  refuseOptionsOutside(
    outside,
    read.map(({ options }) => options),
  );
  return read.flatMap(({ steps }) => steps);
}

function devicesOf(root: XmlElement): readonly XmlElement[] {
  return elementsOf(root).filter(({ name }) => name === "device");
}

/** All that says what to do with the device and is not done is refused: a suite would run on another device than it expects. */
function preparersOf(root: XmlElement, fileName: string): readonly XmlElement[] {
  const devices = devicesOf(root);
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
  if (other !== undefined) {
    const hint = "write the target_preparers that it stands for into the file";
    throw bad(fileName, `<${other.name}> is not supported`, hint);
  }
  const unknown = elements.find(({ name }) => !TAGS.has(name));
  if (unknown !== undefined) throw bad(fileName, `<${unknown.name}> is no element that Tradefed knows`);
  return elements.filter(({ name }) => name === "target_preparer");
}

/** Of Tradefed (ConfigurationXmlParser, Configuration.getObjTypeMap), but for those that include others. */
const TAGS: ReadonlySet<string> = new Set([
  ...["target_preparer", "device", "object", "option", "test", "build_provider", "cmd_options", "config_desc"],
  ...["coverage", "device_options", "device_recovery", "device_requirements", "global_filters", "log_saver", "logger"],
  ...["metric_post_processor", "metrics_collector", "result_reporter", "retry_decision", "sandbox", "sandbox_options"],
  ...["skip_manager", "system_checker"],
]);

function parseRoot(xml: string | Uint8Array, fileName: string): XmlElement {
  try {
    return readXml(xml, { maxBytes: MAX_BYTES });
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw bad(fileName, cause.message);
  }
}

interface ReadPreparer {
  readonly steps: readonly ProvisioningStep[];
  readonly options: OptionReader;
}

function readPreparer(fileName: string, className: string, element: XmlElement): ReadPreparer {
  const what = `target preparer ${className}`;
  const other = elementsOf(element).find(({ name }) => name !== "option");
  if (other) throw bad(fileName, `${what}: <${other.name}> is in it, not an option`);
  const options = new OptionReader(fileName, className, optionsOf(element, fileName, what));
  const isDisabled = options.flag("disable", false);
  const steps = readStep(className.slice(className.lastIndexOf(".") + 1), options);
  if (steps !== undefined) options.refuseOthers();
  else if (!isDisabled) {
    throw bad(fileName, `${what} is unknown`, "take it out, or do in the suite what it would do");
  }
  return { steps: isDisabled || steps === undefined ? [] : steps, options };
}

function optionsOf(parent: XmlElement, fileName: string, what: string): readonly Option[] {
  const options = elementsOf(parent).filter(({ name }) => name === "option");
  return options.map((option) => {
    const [name, value, key] = ["name", "value", "key"].map((each) => attributeOf(option, each));
    if (name !== undefined && value !== undefined) return { name, value, key };
    throw bad(fileName, `${what}: option ${name ?? ""} has no ${name === undefined ? "name" : "value"}`);
  });
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
