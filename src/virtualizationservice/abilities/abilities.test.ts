import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ANDROID_RELEASES, traitsOf, type AndroidRelease } from "../../base/android-release.js";
import { helpOf, ScriptedTool } from "../testing/scripted-tool.js";
import type { AppVmConfig } from "../contract.js";
import { parseCommandList, parseOptions } from "./parse-help.js";

const optionsOf = (release: AndroidRelease): ReturnType<typeof parseOptions> =>
  parseOptions(helpOf(release)(["run-app", "--help"]), "run-app");
const takes = (release: AndroidRelease, option: string): boolean | undefined => optionsOf(release)?.runApp.has(option);

describe("help, as clap prints it for each release", () => {
  // Which release has what: README of fixtures/golden/vm-tool, docs/releases.md.
  test.each<[option: string, releases: readonly AndroidRelease[]]>([
    ["--daemonize", [13]],
    ["--cpus", [13]],
    ["--config-path", [14, 15, 16, 17]],
    ["--storage-size", [14, 15, 16, 17]],
    ["--task-profiles", [13, 14]],
    ["--console-in", [15, 16, 17]],
    ["--hugepages", [15, 16, 17]],
    ["--instance-id-file", [15, 16, 17]],
    ["--extra-apk", [15, 16, 17]],
    ["--os", [16, 17]],
    ["--dump-device-tree", [16, 17]],
    ["--enable-earlycon", [16, 17]],
    ["--tee-services", []],
    ["--host-services", [17]],
    ["--gki", []],
    ["--network-supported", []],
    // Words of texts, not options.
    ["--storage-is", []],
  ])("%s", (option, releases) => {
    expect(ANDROID_RELEASES.filter((release) => takes(release, option))).toEqual(releases);
  });

  test.each(ANDROID_RELEASES)("release %d: sub-commands, and what is required", (release) => {
    const commands = parseCommandList(helpOf(release)(["--help"]));
    expect(commands).toContain("run-app");
    expect(commands?.has("stop")).toBe(release === 13);
    expect(commands?.has("check-feature-enabled")).toBe(release >= 15);
    expect(commands?.has("console")).toBe(release >= 16);
    expect([...(optionsOf(release)?.required ?? [])]).toEqual(release >= 15 ? ["--instance-id-file"] : []);
  });

  test("options that are switched off in this build, and a text that continues with dashes", () => {
    const help =
      "Usage: vm run-app [OPTIONS] <APK>\r\n\r\nOptions:\r\n      --gki <GKI>\r\n          Like\r\n          --os of others\r\n" +
      "  -n, --network-supported\r\n          Network\r\n";
    expect([...(parseOptions(help, "run-app")?.runApp ?? [])]).toEqual(["--gki", "--network-supported"]);
  });

  test.each([
    ["nothing", ""],
    ["another tool's", "Usage: vmx run-app [OPTIONS]\n\nOptions:\n  --os <OS>\n"],
    ["another sub-command's", "Usage: vm run-app-2 [OPTIONS]\n\nOptions:\n  --os <OS>\n"],
    ["too long a text", `Usage: vm run-app [OPTIONS]\n  --os\n${"x".repeat(70_000)}`],
    ["too many options", `Usage: vm run-app\n${Array.from({ length: 300 }, (_, i) => `  --o${i}\n`).join("")}`],
    ["a usage without options", "Usage: vm run-app\n"],
    ["bytes", "\u0000\ufffd\u001b[31m"],
  ])("%s is not a help text", (_what, text) => {
    expect(parseOptions(text, "run-app")).toBeUndefined();
    expect(parseCommandList(text)).toBeUndefined();
  });
});

describe("the client of the tool", () => {
  let tool: ScriptedTool;
  beforeEach(() => void (tool = new ScriptedTool()));
  afterEach(() => tool.remove());
  const asked = (): number => tool.device.calls.filter((argv) => argv.join(" ").includes("--help")).length;
  const capabilities = async (sdk: number) => (await tool.service("", sdk)).capabilities();

  test("asks once per device and boot, not once per service", async () => {
    await capabilities(36);
    await capabilities(36);
    expect(asked()).toBe(1);
    // Another build on the same device.
    await capabilities(37);
    expect(asked()).toBe(2);
  });

  test("what it answered decides, whatever the SDK is", async () => {
    expect(await capabilities(36)).toMatchObject({ encryptedStorage: true, tool: { cpuCounts: true } });
    expect((await capabilities(34)).tool.runApp.has("--console-in")).toBe(false);
    expect((await capabilities(33)).tool.cpuCounts).toBe(false);
    expect((await capabilities(40)).androidRelease).toBe(20);
  });

  test.each(["help", "help-run-app"] as const)(
    "a tool whose %s cannot be read is told as that, and asked again",
    async (name) => {
      const service = await tool.service("", 36);
      const good = helpOf(16)(name === "help" ? ["--help"] : ["run-app", "--help"]);
      tool.writeHelp(name, "Segmentation fault\n");
      await expect(service.capabilities()).rejects.toMatchObject({
        ...{ kind: "infrastructure", code: "VM_HELP", lastLines: ["Segmentation fault"] },
        message: expect.stringContaining("does not tell what its vm tool takes"),
      });
      tool.writeHelp(name, good);
      expect((await service.capabilities()).tool.runApp).toContain("--os");
    },
  );

  type Change = Partial<AppVmConfig>;
  const id = { instanceIdPath: "/instance_id" };
  test.each<[what: string, sdk: number, change: Change, words: string]>([
    ["a payload binary", 33, { payload: { kind: "binary", binaryName: "X.so" } }, "a payload binary name"],
    ["encrypted storage", 33, { encryptedStorage: { path: "/s", sizeBytes: 1 } }, "encrypted storage"],
    ["an instance id", 34, id, "an instance id"],
    ["none where it is demanded", 36, { instanceIdPath: undefined }, "no instance id"],
    ["a vendor image", 36, { ...id, vendorImagePath: "/v" }, "a vendor image"],
    ["a network", 36, { ...id, networkSupported: true }, "a network (it has no --network-supported)"],
    ["console input", 34, { consoleInput: true }, "console input"],
    ["huge pages", 34, { hugePages: true }, "huge pages"],
    ["TEE services", 36, { ...id, teeServices: ["x"] }, "TEE services"],
    ["an early console", 35, { ...id, earlyConsole: true }, "an early console"],
    ["a device tree", 35, { ...id, deviceTreePath: "/dt" }, "a dump of its device tree"],
    ["another system", 35, { ...id, osName: "microdroid_gki-android15-6.6" }, "the OS microdroid_gki-android15-6.6"],
    ["a number of CPUs", 35, { ...id, cpuTopology: { count: 3 } }, "a number of CPUs"],
  ])("%s is refused before anything runs", async (_what, sdk, change, words) => {
    const service = await tool.service("exit 7", sdk);
    await expect(service.startVm(tool.config(change), () => undefined)).rejects.toMatchObject({
      ...{ kind: "usage", code: "NOT_ON_THIS_RELEASE" },
      message: expect.stringContaining(`runs no VM with ${words}`),
    });
    expect(tool.device.calls.some((argv) => argv.includes("run-app"))).toBe(false);
  });

  test("each release of Android has a tool that is understood", async () => {
    for (const release of ANDROID_RELEASES) {
      const { androidRelease, tool: abilities } = await capabilities(traitsOf(release).sdk);
      expect([androidRelease, abilities.commands.has("run-app")]).toEqual([release, true]);
    }
  });
});
