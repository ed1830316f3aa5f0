import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ANDROID_RELEASES, type AndroidRelease } from "../../../../base/android-release.js";
import { dialectOf } from "../dialects/index.js";
import { UsageOutcome, type ParsedArguments } from "./arguments.js";
import { parseCommandLine } from "./command-line.js";

interface Answer {
  readonly args: readonly string[];
  readonly exit: number;
  readonly stream: "stdout" | "stderr" | "none";
  readonly text: string;
}

function answerOf(release: AndroidRelease, args: readonly string[]): Answer {
  const { clap, commands } = dialectOf(release);
  try {
    parseCommandLine(clap, commands, args);
    return { args, exit: 0, stream: "none", text: "" };
  } catch (error) {
    if (!(error instanceof UsageOutcome)) throw error;
    return { args, exit: error.exitCode, stream: error.stream, text: error.text };
  }
}

const parse = (release: AndroidRelease, words: string): ParsedArguments => {
  const { clap, commands } = dialectOf(release);
  return parseCommandLine(clap, commands, words.split(" ")).args;
};

describe.each(ANDROID_RELEASES)("vm of release %d", (release) => {
  // By clap itself: fixtures/golden/vm-tool.
  const path = join(__dirname, `../../../../../fixtures/golden/vm-tool/clap-${release}.json`);
  const golden = JSON.parse(readFileSync(path, "utf8")) as readonly Answer[];

  test("answers each command line as clap does", () => {
    const trimmed = (answer: Answer): Answer => ({ ...answer, text: answer.text.trimEnd() });
    expect(golden.length).toBeGreaterThan(80);
    expect(golden.map(({ args }) => trimmed(answerOf(release, args)))).toEqual(golden.map(trimmed));
  });

  test("each sub-command is among them", () => {
    const asked = new Set(golden.map(({ args: [name, option] }) => (option === "--help" ? name : undefined)));
    for (const { name } of dialectOf(release).commands) expect(asked).toContain(name);
  });
});

describe("what was given", () => {
  test("Tradefed's order: options, files, options", () => {
    const args = parse(
      15,
      "run-app --console c --mem 196 --cpu-topology match_host --instance-id-file id a.apk i inst --config-path assets/c.json",
    );
    expect(args.positionals).toEqual(["a.apk", "i", "inst"]);
    expect([args.value("console"), args.value("mem"), args.value("log")]).toEqual(["c", "196", undefined]);
    expect(args.value("config-path")).toBe("assets/c.json");
    expect(args.value("debug")).toBe("full");
  });

  test.each(["-m 64", "-m64", "-m=64", "--mem=64", "-pm64"])("memory as %s", (form) => {
    expect(parse(17, `run-app ${form} --instance-id-file id a b c`).value("mem")).toBe("64");
  });

  test("aliases, repeated options and what follows --", () => {
    const args = parse(15, "run-app --payload_path X.so --instance-id-file id --extra-apk 1 --extra-apk 2 a b -- -c");
    expect(args.value("payload-binary-name")).toBe("X.so");
    expect(args.values("extra-apk")).toEqual(["1", "2"]);
    expect(args.positionals).toEqual(["a", "b", "-c"]);
  });

  test("-h asks for huge pages where there are some, for help elsewhere", () => {
    expect(parse(16, "run-app -h --instance-id-file id a b c").flag("hugepages")).toBe(true);
    expect(() => parse(14, "run-app -h a b c")).toThrow(/^Run a virtual machine with a config in APK/);
  });

  test("release 13: the config path is a fourth file, and repeatable options take all that follows", () => {
    const words = "run-app -d --debug app_only --cpus 3 --extra-idsig e f -- a b c assets/x.json";
    const args = parse(13, words);
    expect(args.positionals).toEqual(["a", "b", "c", "assets/x.json"]);
    expect(args.values("extra-idsig")).toEqual(["e", "f"]);
    expect([args.flag("daemonize"), args.value("cpus"), args.value("debug")]).toEqual([true, "3", "app_only"]);
  });
});
