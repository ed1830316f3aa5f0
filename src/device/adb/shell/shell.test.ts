import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goneError, stateError } from "../device-errors.js";
import { runOnDevice, type ShellConnection } from "./shell.js";

/** What adb 29 and 34 print when they do not reach a device. */
const WORDS_OF_ADB = ["error: device offline", "error: closed", "adb: error: device 'x' not found"];

/** Commands run on this host, as `adb shell -T -- COMMAND` runs them on a device. */
function connection(overrides: Partial<ShellConnection> = {}): ShellConnection {
  return {
    serial: "x",
    gone: new AbortController().signal,
    adb: (...[, , , command = ""]) => ["sh", "-c", command],
    assertStillThere: async () => undefined,
    ...overrides,
  };
}

describe("on a device that adb reaches", () => {
  test.each(WORDS_OF_ADB)("a command that prints %j has failed, and nothing else", async (words) => {
    const result = await runOnDevice(connection(), ["sh", "-c", 'echo "$1" >&2; exit 1', "sh", words]);
    expect(result).toMatchObject({ exitCode: 1, stderr: `${words}\n` });
  });
});

describe("the same words of adb itself", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "avf-shell-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** An adb that says this whatever it is asked to run. */
  function brokenAdb(words: string): (...args: readonly string[]) => readonly string[] {
    const program = join(folder, "adb");
    writeFileSync(program, `#!/bin/sh\necho "${words}" >&2\nexit 1\n`);
    chmodSync(program, 0o755);
    return () => [program];
  }

  test.each([
    ["error: device offline", "DEVICE_OFFLINE"],
    ["error: closed", "ADB_CONNECTION"],
    ["adb: error: device 'x' not found", "DEVICE_NOT_FOUND"],
  ])("%s: the lab is broken", async (words, code) => {
    const call = runOnDevice(connection({ adb: brokenAdb(words) }), ["true"]);
    await expect(call).rejects.toMatchObject({ kind: "infrastructure", code });
  });
});

test.each([
  ["went away", goneError("x", "adb does not list it any more"), "DEVICE_GONE"],
  ["is offline now", stateError("x", "offline"), "DEVICE_OFFLINE"],
])("what a command did on a device that %s is not looked at", async (_what, reason, code) => {
  const assertStillThere = (): Promise<void> => Promise.reject(reason);
  const call = runOnDevice(connection({ assertStillThere }), ["false"]);
  await expect(call).rejects.toMatchObject({ kind: "infrastructure", code });
});
