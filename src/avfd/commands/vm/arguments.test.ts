import { describe, expect, test } from "@jest/globals";
import type { AndroidRelease } from "../../releases.js";
import { parseArguments, UsageProblemError, type ParsedArguments } from "./arguments.js";
import { vmCommandSpecs } from "./specs.js";
import { formatUsageProblem } from "./usage.js";

function parse(release: AndroidRelease, [name, ...args]: readonly string[]): ParsedArguments {
  const spec = vmCommandSpecs(release).find((one) => one.name === name);
  if (!spec) throw new Error(`no ${name}`);
  return parseArguments(spec, args);
}

/** First line of the error that the tool prints. */
function mistake(release: AndroidRelease, words: string): string {
  try {
    parse(release, words.split(" "));
  } catch (error) {
    if (!(error instanceof UsageProblemError)) throw error;
    return formatUsageProblem(release, error.command, error.problem).split("\n\n")[0] ?? "";
  }
  return "accepted";
}

describe("vm arguments, release 15", () => {
  test("Tradefed's order: options, files, options", () => {
    const words =
      "run-app --console c --log l --mem 196 --debug full --cpu-topology match_host a.apk i inst --config-path assets/c.json";
    const args = parse(15, words.split(" "));
    expect(args.positionals).toEqual(["a.apk", "i", "inst"]);
    expect(args.value("console")).toBe("c");
    expect(args.value("mem")).toBe("196");
    expect(args.value("cpu-topology")).toBe("match_host");
    expect(args.value("config-path")).toBe("assets/c.json");
  });

  test.each([
    ["-m 64", "64"],
    ["-m64", "64"],
    ["-m=64", "64"],
    ["--mem=64", "64"],
    ["-pm64", "64"],
  ])("memory as %s", (form, value) => {
    expect(parse(15, ["run-app", ...form.split(" "), "a", "b", "c"]).value("mem")).toBe(value);
  });

  test("aliases, repeated options and what stands behind --", () => {
    const args = parse(15, "run-app --payload_path X.so --extra-apk 1 --extra-apk 2 a b -- -c".split(" "));
    expect(args.value("payload-binary-name")).toBe("X.so");
    expect(args.values("extra-apk")).toEqual(["1", "2"]);
    expect(args.positionals).toEqual(["a", "b", "-c"]);
  });

  test("-h asks for huge pages, not for help", () => {
    expect(parse(15, "run-app -h a b c".split(" ")).flag("hugepages")).toBe(true);
    expect(mistake(15, "list -h")).toBe("List running virtual machines");
  });

  test.each([
    ["run-app a b", "error: the following required arguments were not provided:\n  <INSTANCE>"],
    ["run-app a b c d", "error: unexpected argument 'd' found"],
    ["run-app --daemonize a b c", "error: unexpected argument '--daemonize' found"],
    ["run-app --debug loud a b c", "error: invalid value 'loud' for '--debug <DEBUG>': Invalid debug level loud"],
    [
      "run-app --debug app_only a b c",
      "error: invalid value 'app_only' for '--debug <DEBUG>': Invalid debug level app_only",
    ],
    [
      "run-app --cpu-topology two a b c",
      "error: invalid value 'two' for '--cpu-topology <CPU_TOPOLOGY>': Invalid cpu topology two",
    ],
    ["run-app -m x a b c", "error: invalid value 'x' for '--mem <MEM>': invalid digit found in string"],
    [
      "run-app -m 4294967296 a b c",
      "error: invalid value '4294967296' for '--mem <MEM>': number too large to fit in target type",
    ],
    ["run-app --gdb 0 a b c", "error: invalid value '0' for '--gdb <GDB>': number would be zero for non-zero type"],
    ["run-app a b c --name", "error: a value is required for '--name <NAME>' but none was supplied"],
    ["run-app --name x --name y a b c", "error: the argument '--name <NAME>' cannot be used multiple times"],
    [
      "run-app --extra-apk e --config-path p a b c",
      "error: the argument '--extra-apk <EXTRA_APK>' cannot be used with '--config-path <CONFIG_PATH>'",
    ],
    [
      "create-partition p 1 -t ext4",
      "error: invalid value 'ext4' for '--type <PARTITION_TYPE>': Invalid partition type ext4",
    ],
    ["create-partition p -1", "error: unexpected argument '-1' found"],
    ["list x", "error: unexpected argument 'x' found"],
  ])("%s", (words, message) => {
    expect(mistake(15, words)).toBe(message);
  });
});

describe("vm arguments, release 13", () => {
  test("the config path is a fourth file, and a VM may run in the background", () => {
    const args = parse(13, "run-app -d --debug app_only --cpus 3 --cpu-affinity 0,1,2 a b c assets/x.json".split(" "));
    expect(args.positionals).toEqual(["a", "b", "c", "assets/x.json"]);
    expect(args.flag("daemonize")).toBe(true);
    expect(args.value("cpus")).toBe("3");
  });

  test.each([
    ["run-app a b c", "error: The following required arguments were not provided:\n    <CONFIG_PATH>"],
    [
      "run-app --config-path x a b c d",
      "error: Found argument '--config-path' which wasn't expected, or isn't valid in this context",
    ],
    ["stop ten", `error: Invalid value "ten" for '<CID>': invalid digit found in string`],
  ])("%s", (words, message) => {
    expect(mistake(13, words)).toBe(message);
  });
});
