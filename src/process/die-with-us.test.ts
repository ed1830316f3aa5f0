import { execFileSync, spawn } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { choose } from "./die-with-us.js";
import { findProgram } from "./programs/find-program.js";
import { hostHelper } from "./host-helper.js";
import { identify, isAlive } from "./identity.js";
import { buildHostHelper, type BuiltHelper } from "./testing/built-helper.js";

let helper: BuiltHelper;
beforeAll(() => {
  helper = buildHostHelper();
});
afterAll(() => helper.remove());

test("the device package's program comes first, then setpriv of util-linux", () => {
  const busybox = join(helper.packageFolder, "busybox");
  writeFileSync(busybox, "");
  const setpriv = join(helper.packageFolder, "setpriv");
  symlinkSync(busybox, setpriv);
  const ours = hostHelper(helper.packageFolder);
  expect(ours).toBe(helper.program);
  expect(choose(findProgram("setpriv"), ours)).toEqual([helper.program, "die-with-parent"]);
  expect(choose(findProgram("setpriv"), undefined)).toEqual([findProgram("setpriv"), "--pdeathsig", "KILL", "--"]);
  expect(choose(setpriv, undefined)).toEqual([]);
  expect(choose(undefined, undefined)).toEqual([]);
  expect(hostHelper(join(helper.packageFolder, "not-unpacked"))).toBeUndefined();
});

test("the program exits with the code of what it runs, and reports what it cannot run", () => {
  const words = ["die-with-parent"];
  expect(() => execFileSync(helper.program, [...words, "sh", "-c", "exit 7"], { stdio: "pipe" })).toThrow(
    expect.objectContaining({ status: 7 }),
  );
  expect(() => execFileSync(helper.program, [...words, "no-such-program"], { stdio: "pipe" })).toThrow(
    expect.objectContaining({
      status: 127,
      message: expect.stringContaining("no-such-program: No such file") as unknown,
    }),
  );
});

test.each(["setpriv", "the device package"])("what runs by %s ends when its parent is killed", async (name) => {
  const words = choose(findProgram("setpriv"), name === "setpriv" ? undefined : helper.program);
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
