/** Each option of the table is checked and sent, by whichever command takes it. */
import { expect, test } from "@jest/globals";
import { ANDROID_RELEASES, traitsOf } from "../../base/android-release.js";
import type { AppVmConfig, CommonVmConfig, RawVmConfig } from "../contract.js";
import { chooseDialect } from "../dialects/choose.js";
import { runArguments } from "../raw/run-arguments.js";
import type { ToolAbilities } from "./parse-help.js";
import { requireAbilities } from "./requirements.js";
import { pickAsked, RUN_OPTIONS, type RunCommand, type RunFlags } from "./run-options.js";

/** A value and the arguments that it becomes. A new option does not compile without. */
const SAMPLES: { readonly [Key in keyof RunFlags]-?: readonly [NonNullable<RunFlags[Key]>, string] } = {
  teeServices: [["a", "-b"], "--tee-services a --tee-services=-b"],
  earlyConsole: [true, "--enable-earlycon"],
  deviceTreePath: ["/d/tree", "--dump-device-tree /d/tree"],
};

const common: CommonVmConfig = {
  ...{ name: "vm1", debugLevel: "full", protectedVm: false, memoryMib: undefined, cpuTopology: "one_cpu" },
  ...{ consoleInput: false, networkSupported: false, scratchPath: "/s" },
};
const raw: RawVmConfig = { ...common, image: { kernelPath: "/d/kernel", disks: [] } };
const app: AppVmConfig = {
  ...common,
  ...{ apkPath: "/a.apk", idsigPath: "/a.idsig", instanceImagePath: "/i.img", instanceIdPath: undefined },
  ...{ payload: { kind: "config", configPath: "assets/c.json" }, extraApks: [], encryptedStorage: undefined },
  ...{ osName: "microdroid", vendorImagePath: undefined },
};
const files = { consolePath: "/c", logPath: "/l", cpuCount: 1, configPath: "/j" };

const FLAGS = RUN_OPTIONS.map(({ flag }) => flag);
function toolWithout(command?: RunCommand, flag?: string): ToolAbilities {
  const all = ["--console", ...FLAGS];
  const of = (one: RunCommand): ReadonlySet<string> => new Set(all.filter((f) => one !== command || f !== flag));
  return { commands: new Set(), run: of("run"), runApp: of("run-app"), required: new Set(), cpuCounts: true };
}

test.each(RUN_OPTIONS)("$flag is sent by the commands that take it", ({ key, takenBy }) => {
  const [value, words] = SAMPLES[key];
  const asked = pickAsked({ [key]: value });
  const tool = toolWithout();
  expect(asked).toEqual({ [key]: value });
  for (const release of ANDROID_RELEASES) {
    const dialect = chooseDialect("serial", traitsOf(release).sdk);
    const given = dialect.runAppArguments({ ...app, ...asked }, files, tool).join(" ");
    expect(given.includes(` ${words} `)).toBe(takenBy.includes("run-app"));
  }
  if (takenBy.includes("run"))
    expect(runArguments({ ...raw, ...asked }, files, tool).join(" ")).toContain(` ${words} `);
});

test.each(RUN_OPTIONS)("$flag is refused by name where the tool does not take it", ({ key, flag, takenBy, noun }) => {
  const asked = pickAsked({ [key]: SAMPLES[key][0] });
  for (const [command, config, itHas] of [
    ["run-app", { ...app, ...asked }, "it has"],
    ["run", { ...raw, ...asked }, "vm run has"],
  ] as const) {
    const words = `The vm tool of x runs no VM with ${noun} (${itHas} no ${flag}).`;
    const check = (tool: ToolAbilities): void => requireAbilities("x", config, tool);
    expect(() => check(toolWithout(command, flag))).toThrow(words);
    if (takenBy.includes(command)) check(toolWithout());
    else expect(() => check(toolWithout())).toThrow(words);
  }
});

test("what asks for nothing is neither checked nor sent", () => {
  expect(pickAsked({ teeServices: [], earlyConsole: false, deviceTreePath: undefined })).toEqual({});
});

test("no flag stands twice", () => {
  expect(new Set(FLAGS).size).toBe(RUN_OPTIONS.length);
});
