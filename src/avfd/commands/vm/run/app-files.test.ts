/** Order of questions and effects, and what is left behind, when `vm run-app` gets files that are not as they should be. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deviceInFolder, type DeviceInFolder, type ProgramResult } from "../../../testing/device-in-folder.js";

const APK = join(__dirname, "../../../../../fixtures/MicrodroidTestApp.apk");
const PAYLOAD = ["--config-path", "assets/vm_config.json"];
const CONFIG = [...PAYLOAD, "--instance-id-file", "vm.id"];

let host: DeviceInFolder;
beforeEach(async () => {
  host = await deviceInFolder();
  await copyFile(APK, join(host.folder, "app.apk"));
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

const at = (name: string): string => join(host.folder, name);
const runApp = (...args: readonly string[]): Promise<ProgramResult> => host.run("vm", "run-app", ...args);
/** Files of the test's folder that this process, where the service runs, holds open. */
const held = (): readonly string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(host.folder) ? [path] : [];
    } catch {
      return [];
    }
  });

describe("what fails first", () => {
  test.each([
    [
      "an APK that is missing, before all others",
      ["none.apk", "none/i", "folder", ...CONFIG],
      "Failed to open APK file",
    ],
    [
      "a config that is missing, before the idsig",
      ["app.apk", "none/i", "folder", "--config-path", "x", "--instance-id-file", "vm.id"],
      "specified file not found in archive\n",
    ],
    [
      "an idsig that cannot be made, before the image",
      ["app.apk", "none/i", "folder", ...CONFIG],
      "Failed to create idsig",
    ],
    ["an image that is a folder", ["app.apk", "i", "folder", ...CONFIG], 'Failed to open "folder"'],
    [
      "an instance id that is a folder",
      ["app.apk", "i", "img", ...PAYLOAD, "--instance-id-file", "folder"],
      "Is a directory (os error 21)\n",
    ],
    ["storage that is a folder", ["app.apk", "i", "img", ...CONFIG, "--storage", "folder"], 'Failed to open "folder"'],
  ])("%s, is reported, and nothing stays open", async (_what, args, words) => {
    await mkdir(at("folder"));
    const { exitCode, stderr } = await runApp(...args);
    expect(stderr).toContain(`Error: ${words}`);
    expect(exitCode).toBe(1);
    expect(held()).toEqual([]);
    // Without an APK nothing is made.
    expect(words === "Failed to open APK file" && existsSync(at("img"))).toBe(false);
  });

  test("a console that cannot be opened leaves the log as it was", async () => {
    await writeFile(at("log.txt"), "keep me");
    const { stderr } = await runApp("app.apk", "i", "img", ...CONFIG, "--console", "none/c", "--log", "log.txt");
    expect(stderr).toContain('Failed to open console output file "none/c"');
    expect(await readFile(at("log.txt"), "utf8")).toBe("keep me");
    expect(held()).toEqual([]);
  });

  test("an APK that is missing, though the instance id is a pipe to which nobody writes", async () => {
    execFileSync("mkfifo", [at("fifo")]);
    const { stderr } = await runApp("none.apk", "i", "img", ...PAYLOAD, "--instance-id-file", "fifo");
    expect(stderr).toContain("Error: Failed to open APK file");
  });
});

test.each([
  ["--storage", ["--instance-id-file", "vm.id"]],
  ["--instance-id-file", []],
])(
  "a file that was missing when it was asked for, and is made meanwhile, is taken as it is: %s of the image's name",
  async (option, others) => {
    const tool = host.start("vm", "run-app", "app.apk", "i", "both", ...PAYLOAD, ...others, option, "both");
    await tool.printed(/with CID/);
    expect((await stat(at("both"))).size).toBe(10 << 20);
  },
);
