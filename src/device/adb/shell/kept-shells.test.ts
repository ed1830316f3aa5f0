import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Socket } from "node:net";
import { until } from "../../../base/testing/until.js";
import { hostShell } from "../../testing/host-shell.js";
import { KeptShells } from "./kept-shells.js";

let folder: string;
let shells: KeptShells;
let gone: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-shells-"));
  gone = new AbortController();
  shells = new KeptShells({
    serial: "host",
    gone: gone.signal,
    // As `adb shell -T -- COMMAND` does, without adb between.
    adb: (...[, , , command = ""]) => ["sh", "-c", command],
    open: async (service) => hostShell(service) as Socket,
    assertStillThere: async () => gone.signal.throwIfAborted(),
  });
});
afterEach(async () => {
  await shells.close();
  rmSync(folder, { recursive: true });
});

const script = (text: string, ...args: readonly string[]): readonly string[] => ["sh", "-c", text, "sh", ...args];

describe("a command", () => {
  test.each([
    ["program", ["mkdir", "a b's"], { exitCode: 0, output: "" }],
    [
      "script with arguments",
      script('printf "%s|" "$@"', "it's", "two\nlines", "$HOME", "", "-n"),
      "it's|two\nlines|$HOME||-n|",
    ],
    ["script that leaves", script("exit 44"), { exitCode: 44, output: "" }],
    ["program on both outputs", script("echo out; echo err >&2; false"), { exitCode: 1, output: "out\nerr" }],
    ["program that reads", ["cat"], { exitCode: 0, output: "" }],
    ["script with a case in it", script('case "$1" in *x*) echo yes ;; esac', "axb"), "yes"],
    ["longer one than a pipe holds", script('printf %s "$1" | wc -c', "x".repeat(59_000)), "59000"],
    [
      "longer answer than a pipe holds",
      script("head -c 300000 /dev/zero | tr '\\0' y; echo end"),
      `${"y".repeat(300_000)}end`,
    ],
  ])("%s ends as it would alone", async (_what, argv, expected) => {
    const end = typeof expected === "string" ? { exitCode: 0, output: expected } : expected;
    const inFolder = argv[0] === "mkdir" ? ["mkdir", join(folder, argv[1] ?? "")] : argv;
    expect(await shells.run(inFolder)).toMatchObject({ ...end, argv: inFolder });
    expect(existsSync(join(folder, "a b's"))).toBe(argv[0] === "mkdir");
  });

  test("that does not exist fails as in a shell", async () => {
    const { exitCode, output } = await shells.run(["no-such-program"]);
    expect(exitCode).toBe(127);
    expect(output).toContain("not found");
  });
});

test("commands share a shell, and leave nothing in it for the next", async () => {
  const pids = [
    await shells.run(script("cd /; x=1; echo $$")),
    await shells.run(script('echo "$$$x"; pwd >/dev/null')),
  ];
  expect(pids[0]?.output).toMatch(/^\d+$/);
  expect(pids[1]?.output).toBe(pids[0]?.output);
  // Neither one that the shell cannot read, nor one that looks like an end.
  expect((await shells.run(script("if"))).exitCode).not.toBe(0);
  expect((await shells.run(script(`echo; echo ${"0".repeat(24)} 7`))).exitCode).toBe(0);
  expect((await shells.run(script("echo $$"))).output).toBe(pids[0]?.output);
});

test("commands at once do not wait for each other", async () => {
  const meet = (mine: string, other: string): Promise<unknown> =>
    shells.run(script('touch "$1"; while ! [ -e "$2" ]; do sleep 0.02; done', join(folder, mine), join(folder, other)));
  await expect(Promise.all([meet("a", "b"), meet("b", "a")])).resolves.toMatchObject([
    { exitCode: 0 },
    { exitCode: 0 },
  ]);
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("an error ends the shell and what runs in it, and the next command gets another", () => {
  afterEach(async () => expect(await shells.run(["true"])).toMatchObject({ exitCode: 0 }));
  /** Of a command that nothing else has. */
  const runs = (seconds: string): boolean => spawnSync("pgrep", ["-fx", `sleep ${seconds}`]).status === 0;
  /** Soon, for its end was asked for. */
  const ended = async (seconds: string): Promise<void> => {
    await until(`sleep ${seconds} to end`, () => !runs(seconds));
  };
  const waits = (seconds: string): readonly string[] => ["sleep", seconds];

  test("a command that takes too long", async () => {
    const call = shells.run(waits("871.5"), { timeoutMs: 100 });
    await expect(call).rejects.toMatchObject({ kind: "infrastructure", code: "TIMEOUT" });
    await expect(call).rejects.toThrow(/Timed out after 100 ms waiting for sleep 871.5 on host/);
    await ended("871.5");
  });

  test("a script that takes too long does not continue unnoticed", async () => {
    const [pid, go, late] = [join(folder, "pid"), join(folder, "go"), join(folder, "late")];
    spawnSync("mkfifo", [go]);
    const text = 'echo $$ >"$1"; read -r _ <"$2"; touch "$3"';
    await expect(shells.run(script(text, pid, go, late), { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    // Lets it continue, if it is still there.
    const fifo = openSync(go, "r+");
    writeSync(fifo, "\n");
    const shell = Number(readFileSync(pid, "utf8"));
    await until("the script's shell to end", () => !isThere(shell));
    closeSync(fifo);
    expect(existsSync(late)).toBe(false);
  });

  test("a caller that gives up", async () => {
    const caller = new AbortController();
    const call = shells.run(waits("872.5"), { signal: caller.signal });
    await until("the command to begin", () => runs("872.5"));
    caller.abort(new Error("test over"));
    await expect(call).rejects.toThrow("test over");
    await ended("872.5");
  });

  test("a program that a script runs, and what that runs", async () => {
    const caller = new AbortController();
    const nested = "(sleep 874.5; :) & (sh -c 'sleep 875.5; :'); touch \"$1\"";
    const call = shells.run(script(nested, join(folder, "late")), { signal: caller.signal });
    await until("both to begin", () => runs("874.5") && runs("875.5"));
    caller.abort(new Error("test over"));
    await expect(call).rejects.toThrow("test over");
    await ended("874.5");
    await ended("875.5");
    expect(existsSync(join(folder, "late"))).toBe(false);
  });

  test("a shell that ends under its command", async () => {
    // The end of what stands for adb here, of which no exit code is known.
    const error = { kind: "infrastructure", code: "COMMAND_CUT_OFF" };
    await expect(shells.run(script("kill -9 $$"))).rejects.toMatchObject(error);
  });

  test("a shell whose end adb reports was ended on the device", async () => {
    const there = new KeptShells({
      serial: "host",
      gone: gone.signal,
      adb: (...[, , , command = ""]) => ["sh", "-c", `(${command}); exit $?`],
      open: async (service) => hostShell(service) as Socket,
      assertStillThere: async () => gone.signal.throwIfAborted(),
    });
    const error = { kind: "expectation", code: "COMMAND_CUT_OFF", message: expect.stringContaining("exit code 137") };
    await expect(there.run(script("kill -9 $$"))).rejects.toMatchObject(error);
    await there.close();
  });

  test("a shell that ended since", async () => {
    const { output } = await shells.run(script("echo $$"));
    process.kill(Number(output), "SIGKILL");
    // Until its end was noticed here.
    await until("the shell to be gone", () => !isThere(Number(output)));
    expect((await shells.run(script("echo $$"))).output).not.toBe(output);
  });

  test("an answer that is too long", async () => {
    const call = shells.run(script("head -c 5000000 /dev/zero | tr '\\0' y"));
    await expect(call).rejects.toMatchObject({ code: "TOO_MUCH_OUTPUT" });
    expect((await shells.run(script("echo on"))).output).toBe("on");
  });

  test("an answer without end", async () => {
    await expect(shells.run(["yes"], { timeoutMs: 100 })).rejects.toMatchObject({ code: "TIMEOUT" });
  });
});

test("a device that goes away ends what runs there, with its reason", async () => {
  const call = shells.run(script("sleep 100"));
  gone.abort(new Error("cable pulled"));
  await expect(call).rejects.toThrow("cable pulled");
});

test("close ends all shells", async () => {
  const pids = await Promise.all(["a", "b"].map(() => shells.run(script("echo $$; sleep 0.1"))));
  await shells.close();
  expect(pids.map(({ output }) => isThere(Number(output)))).toEqual([false, false]);
});
