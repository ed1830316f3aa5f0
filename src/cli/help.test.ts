import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { packageRoot } from "../base/paths.js";
import { nearest, parseCommandLine } from "./command-line.js";
import { COMMANDS } from "./commands.js";
import { PAGE_PATH, renderPage } from "./pages/commands-page.js";
import { commandNames, helpOf, overview } from "./help.js";
import { parseVmProcesses } from "./vm/running-vms.js";

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as people call it, away from a terminal. */
function avf(...args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [join(packageRoot, "src/cli/avf.cjs"), ...args], {
    env: { ...process.env, NO_COLOR: "1", ANDROID_SERIAL: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += String(chunk)));
  return new Promise((resolve) => child.once("close", (exitCode) => resolve({ exitCode, ...said })));
}

describe("help", () => {
  test("fits into 80 columns and lists every option", () => {
    const untold = commandNames().flatMap((name) => {
      const help = helpOf(name) ?? "";
      return Object.keys(COMMANDS[name].options).filter((option) => !help.includes(`  --${option}`));
    });
    expect(untold).toEqual([]);
    const all = [overview(), ...commandNames().map((name) => helpOf(name) ?? "")].join("\n").split("\n");
    expect(all.filter((line) => line.length > 80)).toEqual([]);
  });

  test("a terminal without a known width, such as a serial line, counts as 80 columns wide", () => {
    // The one that `script` makes away from a terminal has none.
    const command = `${process.execPath} ${join(packageRoot, "src/cli/avf.cjs")} doctor`;
    const env = { ...process.env, NO_COLOR: "1" };
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], { env, encoding: "utf8", timeout: 60_000 });
    const lines = stdout.split(/\r?\n/);
    expect(lines).toContainEqual(expect.stringMatching(/system +linux x64, Node /));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test("usage lines have every option too", () => {
    const options = commandNames().flatMap((name) =>
      Object.keys(COMMANDS[name].options).map((option) => [name, option] as const),
    );
    expect(options.length).toBeGreaterThan(20);
    expect(options.filter(([name, option]) => !COMMANDS[name].takes.includes(`--${option}`))).toEqual([]);
  });

  test("docs/commands.md is what npm run docs writes", () => {
    const path = join(packageRoot, PAGE_PATH);
    expect(existsSync(path) ? readFileSync(path, "utf8") : "").toBe(renderPage());
  });
});

describe("a command line that is wrong", () => {
  test.each([
    ["memm", "mem"],
    ["naem", "name"],
    ["conf", "config"],
    ["xyz", undefined],
  ])("--%s is taken for --%s", (typed, meant) => {
    expect(nearest(typed, Object.keys(COMMANDS.run.options))).toBe(meant);
  });

  test("names what it does not know, and the usage", () => {
    expect(() => parseCommandLine("run", ["x.apk", "--memm", "3"], { least: 1, most: 1 })).toThrow(
      /avf run has no option --memm\. Did you mean --mem\?\nHint: Usage: avf run APK /,
    );
    expect(() => parseCommandLine("run", [], { least: 1, most: 1 })).toThrow(/^avf run needs more arguments\./);
    expect(() => parseCommandLine("run", ["a", "b"], { least: 1, most: 1 })).toThrow(/^avf run takes no "b"\./);
    expect(() => parseCommandLine("run", ["a", "--mem"], { least: 1, most: 1 })).toThrow(/--mem/);
  });

  test.each<[string, readonly string[]]>([
    ["--kernel", ["--kernel", ""]],
    ["--disk", ["--kernel", "k", "--disk", "d", "--disk", ""]],
    ["an argument", [""]],
  ])("names what is empty, as after a variable that is not set: %s", (what, args) => {
    expect(() => parseCommandLine("run", args, { least: 0, most: 1 })).toThrow(
      `avf run: ${what} is empty.\nHint: if it comes`,
    );
  });

  test("kernel parameters and a command may be empty", () => {
    const args = ["--kernel", "k", "--params", "", "--exec="];
    expect(parseCommandLine("run", args, { least: 0, most: 1 }).values).toMatchObject({ params: "", exec: "" });
  });

  test.each<[string, readonly string[], RegExp]>([
    ["command", ["strat"], /^avf: There is no command "strat"\.\nHint: did you mean avf start\?/],
    ["verb", ["device", "lits"], /^avf: There is no avf device lits\.\nHint: did you mean avf device list\?/],
    ["option", ["setup", "--frehs"], /Did you mean --fresh\?/],
    ["suite", ["doctor", "--why", "no-such-suite"], /^avf: No suite has "no-such-suite" in its path\./],
  ])("ends with exit code 2 and a suggestion: %s", async (_what, args, stderr) => {
    expect(await avf(...args)).toEqual({ exitCode: 2, stdout: "", stderr: expect.stringMatching(stderr) });
  });

  test.each([
    [["sample", "/dev/null"], "avf: EEXIST: file already exists, mkdir '/dev/null'\n"],
    [["apk", "show", "/nowhere/x.apk"], "avf: ENOENT: no such file or directory, open '/nowhere/x.apk'\n"],
    [["apk", "show", packageRoot], `avf: refused, NOT_A_ZIP: ${packageRoot} is a folder\n`],
  ])("%j: what the system refuses is a sentence", async (args, stderr) => {
    expect(await avf(...args)).toEqual({ exitCode: 1, stdout: "", stderr });
  });

  test("--help works in any position", async () => {
    const [one, other] = await Promise.all([avf("device", "stop", "--help"), avf("help", "device", "stop")]);
    expect(one).toEqual({ exitCode: 0, stdout: helpOf("device stop"), stderr: "" });
    expect(other).toEqual(one);
  });
});

test("VMs on a device are found by the command lines of their vm tools", () => {
  const android15 =
    "408\tvm\trun-app\t--name\tvm1\t--console\t/d/vm1/c.txt\t--log\t/d/vm1/l.txt\t/x.apk\t/d/vm/vm1/instance.img";
  const android13 = "99\tvm\trun-app\t--console=/d/c.txt\t/x.apk\t/d/idsig\t/d/vm/echo/instance.img\tassets/c.json";
  const ownKernel = "12\t/apex/bin/vm\trun\t--name\tvm2\t--console\t/d/vm2/c.txt\t/d/vm2/vm_config.json";
  const noVms = "7\tsh\t-c\tx\n8\t/apex/bin/vm\tlist\n9\tvm\trun\t/d/no_name.json\n10\tcmd\trun\t--name\tx\n";
  expect(parseVmProcesses(`${android15}\n${android13}\n${ownKernel}\n${noVms}\n`)).toEqual([
    { name: "vm1", pid: 408, consolePath: "/d/vm1/c.txt", logPath: "/d/vm1/l.txt" },
    { name: "echo", pid: 99, consolePath: "/d/c.txt", logPath: undefined },
    { name: "vm2", pid: 12, consolePath: "/d/vm2/c.txt", logPath: undefined },
  ]);
});
