import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { packageRoot } from "../base/paths.js";
import { choose } from "./die-with-us.js";
import { findProgram } from "./find-program.js";
import { identify, isAlive } from "./identity.js";

let folder: string;
let helper: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-dies-"));
  mkdirSync(join(folder, "bin"));
  helper = join(folder, "bin/die-with-parent");
  execFileSync("gcc", ["-Wall", "-Werror", "-o", helper, join(packageRoot, "src/process/die-with-parent.c")]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("setpriv of util-linux comes first, then the device package's own program", () => {
  const busybox = join(folder, "busybox");
  writeFileSync(busybox, "");
  const setpriv = join(folder, "setpriv");
  symlinkSync(busybox, setpriv);
  expect(choose(findProgram("setpriv"), folder)).toEqual([findProgram("setpriv"), "--pdeathsig", "KILL", "--"]);
  expect(choose(setpriv, folder)).toEqual([helper]);
  expect(choose(undefined, folder)).toEqual([helper]);
  expect(choose(undefined, undefined)).toEqual([]);
  expect(choose(undefined, join(folder, "not-unpacked"))).toEqual([]);
});

test("the program takes its exit code from what it runs, and says what it cannot run", () => {
  expect(() => execFileSync(helper, ["sh", "-c", "exit 7"], { stdio: "pipe" })).toThrow(
    expect.objectContaining({ status: 7 }),
  );
  expect(() => execFileSync(helper, ["no-such-program"], { stdio: "pipe" })).toThrow(
    expect.objectContaining({
      status: 127,
      message: expect.stringContaining("no-such-program: No such file") as unknown,
    }),
  );
});

test.each(["setpriv", "die-with-parent"])("what %s runs ends when its parent is killed", async (name) => {
  const words = choose(name === "setpriv" ? findProgram("setpriv") : undefined, folder);
  // A parent that starts it, says its number, and then does nothing.
  const script = `const { spawn } = require("node:child_process");
    const child = spawn(process.argv[1], process.argv.slice(2));
    process.stdout.write(String(child.pid)); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["-e", script, ...words, "sleep", "1000"], { stdio: ["ignore", "pipe", 2] });
  const pid = await new Promise<number>((resolve) => parent.stdout?.once("data", (text) => resolve(Number(text))));
  const child = identify(pid);
  expect(child).toBeDefined();
  // It has to have asked for it by then: the program it becomes is another one.
  await until(() => execFileSync("cat", [`/proc/${pid}/comm`], { encoding: "utf8" }).trim() === "sleep");
  parent.kill("SIGKILL");
  await until(() => child === undefined || !isAlive(child));
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
