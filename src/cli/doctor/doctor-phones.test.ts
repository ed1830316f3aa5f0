/** `avf doctor` in a process that takes this host for a Mac: see `src/process/testing/other-host.cjs`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { packageRoot } from "../../base/paths.js";
import { mayEmulate } from "./doctor-phones.js";

interface Told {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly name: string;
    readonly state: string;
    readonly detail: string;
    readonly fix?: string;
  }[];
}

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-doctor-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function doctor(env: NodeJS.ProcessEnv): { readonly status: number | null; readonly told: Told } {
  const argv = ["--require", join(packageRoot, "src/process/testing/other-host.cjs")];
  // The built command: what a clone does before that is another test's.
  const main = `require(${JSON.stringify(join(packageRoot, "dist/cli/main.js"))}).main(["doctor", "--json"])`;
  const { status, stdout } = spawnSync(process.execPath, [...argv, "-e", main], {
    ...{ cwd: folder, encoding: "utf8", timeout: 60_000 },
    env: { ...process.env, AVF_CACHE_DIR: join(folder, "cache"), ANDROID_ADB_SERVER_PORT: "1", ...env },
  });
  return { status, told: JSON.parse(stdout) as Told };
}

test("no emulated device on macOS, Windows and arm64", () => {
  const hosts = ["linux x64", "linux arm64", "darwin arm64", "darwin x64", "win32 x64", "win32 arm64"];
  const may = hosts.filter((host) => mayEmulate(...(host.split(" ") as [string, string])));
  expect(may).toEqual(["linux x64"]);
});

test("where only phones can be used it says so, asks for one, and does not check for Debian's tools", () => {
  writeFileSync(join(folder, "adb"), '#!/bin/sh\necho "Android Debug Bridge version 1.0.41"\n', { mode: 0o755 });
  const { status, told } = doctor({ PATH: `${folder}:/usr/bin:/bin`, ANDROID_SERIAL: "" });
  expect(status).toBe(1);
  expect(told.findings.filter(({ state }) => state === "failed")).toEqual([
    {
      ...{ name: "emulated device", state: "failed" },
      detail: "needs Linux on x86-64; this is darwin arm64: phones only",
      fix: "name a phone: ANDROID_SERIAL=<serial>, as adb devices lists it",
    },
  ]);
  expect(told.findings.map(({ name }) => name)).toEqual([
    ...["system", "emulated device", "cache", "results", "temporary files", "adb", "adb server"],
  ]);
  expect(told.findings).toContainEqual({ name: "adb", state: "ok", detail: join(folder, "adb") });
});

test("without adb it says what to install; a phone that is named makes the emulated device a note", () => {
  const { status, told } = doctor({ PATH: folder, ANDROID_SERIAL: "0A1B2C" });
  expect(status).toBe(1);
  expect(told.findings).toContainEqual(expect.objectContaining({ name: "emulated device", state: "note" }));
  expect(told.findings).toContainEqual({
    ...{ name: "adb", state: "failed", detail: "not found in PATH" },
    fix: "install Android's platform-tools, and add their folder to PATH",
  });
  expect(told.findings).toContainEqual(
    expect.objectContaining({ name: "device 0A1B2C", fix: expect.stringContaining("platform-tools") as unknown }),
  );
});

test("with a lab the emulated device is only a note, and the lab is asked; a possible password is not printed", () => {
  const { status, told } = doctor({ PATH: folder, AVF_DEVICES: "labgrid://127.0.0.1:1/?place=a", ANDROID_SERIAL: "" });
  expect(status).toBe(1);
  expect(told.findings).toContainEqual(expect.objectContaining({ name: "emulated device", state: "note" }));
  expect(told.findings).toContainEqual({
    ...{ name: "lab", state: "failed" },
    detail: expect.stringMatching(
      /^The labgrid coordinator at 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
    ) as unknown,
    fix: expect.stringContaining("labgrid-client -x 127.0.0.1:1 places") as unknown,
  });
  const secret = doctor({ PATH: folder, AVF_DEVICES: "labgrid://anna:secret@lab/?place=a", ANDROID_SERIAL: "" });
  expect(JSON.stringify(secret.told)).not.toContain("secret");
});
