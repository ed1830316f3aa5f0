import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, jest, test } from "@jest/globals";
import type { Finding } from "../../emulator/doctor.js";
import {
  adbServer,
  avf,
  brokenEmulator,
  folder,
  isRoot,
  MAIN,
  mounted,
  noKvm,
  owned,
  pathWithout,
  removeMachines,
  TOOLS,
  webServer,
  type Machine,
} from "./testing/broken-machine.js";
import { systemOf, wholePackage, withDevicePackage } from "./testing/broken-device-package.js";

const ANOTHER_CACHE = /AVF_CACHE_DIR=/;
const INSTALL_PACKAGE = /npm install --save-dev jest-avf-device@/;

afterAll(removeMachines);

type Row = readonly [
  what: string,
  machine: () => Machine | Promise<Machine>,
  line: string,
  why: RegExp,
  fix: RegExp,
  /** A run says the same; a table for those that end before they would begin to download. */
  run?: "run",
];

const ROWS: readonly Row[] = [
  ["no space", () => mounted("size=2m,mode=700"), "disk space", /needs 3\.0 GiB; \S+ has 0\.0 GiB free/, ANOTHER_CACHE],
  [
    "a cache on a read-only disk",
    () => mounted("ro,mode=700"),
    "cache",
    /is on a file system that is read-only/,
    ANOTHER_CACHE,
    "run",
  ],
  [
    "a cache from which nothing may be run",
    () => mounted("noexec,size=4g,mode=700"),
    "emulator",
    /no program may be run from it, for \S+ is mounted noexec/,
    ANOTHER_CACHE,
    "run",
  ],
  [
    "a cache that may not be written",
    () => ({ env: { AVF_CACHE_DIR: folder(0o500) } }),
    "cache",
    /may not be written by this user/,
    /chmod u\+rwx \S+; or .*AVF_CACHE_DIR=/,
    "run",
  ],
  [
    "a cache of another user",
    () => ({ env: { AVF_CACHE_DIR: owned(folder(), 65534) } }),
    "cache",
    isRoot ? /it belongs to nobody \(uid 65534\)/ : /may not be written/,
    ANOTHER_CACHE,
    "run",
  ],
  [
    "a cache that everybody may write",
    () => ({ env: { AVF_CACHE_DIR: folder(0o777) } }),
    "cache",
    /mode 0777 lets everybody write/,
    /chmod -R go-w/,
    "run",
  ],
  [
    "a cache that is a file",
    () => ({ env: { AVF_CACHE_DIR: MAIN } }),
    "cache",
    /main\.js is no folder/,
    ANOTHER_CACHE,
    "run",
  ],
  [
    "a home that is no folder",
    () => ({ env: { AVF_CACHE_DIR: "", HOME: "/dev/null" } }),
    "cache",
    /\/dev\/null is no folder/,
    ANOTHER_CACHE,
    "run",
  ],
  [
    "a line break in the cache's path",
    () => ({ env: { AVF_CACHE_DIR: `${folder()}/a\nb` } }),
    "cache",
    /has a line break/,
    ANOTHER_CACHE,
    "run",
  ],
  [
    "records that may not be written",
    () => ({ env: { AVF_OUT: folder(0o500) } }),
    "results",
    /may not be written/,
    /AVF_OUT=/,
  ],
  [
    "records in /proc",
    () => ({ env: { AVF_OUT: "/proc/avf" } }),
    "results",
    /\/proc (is the kernel's|may not)/,
    /AVF_OUT=/,
  ],
  [
    "a cache in /proc",
    () => ({ env: { AVF_CACHE_DIR: "/proc/avf" } }),
    "cache",
    /\/proc (is the kernel's|may not)/,
    ANOTHER_CACHE,
  ],
  [
    "a history that is a folder",
    () => ({ env: { AVF_HISTORY: folder() } }),
    "history",
    /EISDIR|not a file/,
    /AVF_HISTORY=/,
  ],
  [
    "a history in /proc",
    () => ({ env: { AVF_HISTORY: "/proc/avf/h" } }),
    "history",
    /\/proc (is the kernel's|may not)/,
    /AVF_HISTORY=/,
  ],
  [
    "no place for temporary files",
    () => ({ env: { TMPDIR: "/nowhere" } }),
    "temporary files",
    /\/nowhere is not there \(TMPDIR\)/,
    /TMPDIR=/,
    "run",
  ],
  [
    "no flock",
    () => ({ env: { PATH: pathWithout(["flock"]) } }),
    "flock",
    /not found in PATH/,
    /export PATH=|apt-get install .* util-linux/,
  ],
  [
    "no apt",
    () => ({ env: { PATH: pathWithout(["apt-get"]) } }),
    "apt-get",
    /not found in PATH/,
    /export PATH=|apt-get install/,
  ],
  [
    "node and sh alone in PATH",
    () => ({ env: { PATH: pathWithout(TOOLS.filter((tool) => tool !== "sh")) } }),
    "flock",
    /not found in PATH/,
    /export PATH="\$PATH:\/usr\/bin"/,
  ],
  [
    "an adb that does not run",
    () => ({ env: { PATH: pathWithout([], { adb: "exit 1" }) } }),
    "adb server",
    /adb program does not run/,
    /apt-get install adb/,
  ],
  [
    "an adb server of another version",
    async () => ({ env: { ANDROID_ADB_SERVER_PORT: await adbServer(99) } }),
    "adb server",
    /speaks version 99, the adb program here 41/,
    /adb kill-server.*ANDROID_ADB_SERVER_PORT=/,
  ],
  [
    "something else on adb's port",
    async () => ({ env: { ANDROID_ADB_SERVER_PORT: await webServer() } }),
    "adb server",
    /something else than an adb server answers/,
    /ss -ltnp.*ANDROID_ADB_SERVER_PORT=/,
  ],
  [
    "an adb server that nobody can name",
    () => ({ env: { ADB_SERVER_SOCKET: "udp:1" } }),
    "adb server",
    /names no adb server/,
    /tcp:PORT/,
  ],
  [
    "KVM that is asked for and not permitted",
    noKvm,
    "accelerator",
    /AVF_ACCEL=kvm, but .*\/dev\/kvm/,
    /AVF_ACCEL=tcg/,
    "run",
  ],
  [
    "an accelerator that there is not",
    () => ({ env: { AVF_ACCEL: "fast" } }),
    "settings",
    /AVF_ACCEL is "fast"/,
    /AVF_ACCEL=auto/,
  ],
  [
    "a release that there is not",
    () => ({ env: { AVF_RELEASE: "12" } }),
    "settings",
    /AVF_RELEASE is "12"/,
    /AVF_RELEASE=15/,
  ],
  [
    "no crosvm where one is said to be",
    () => ({ env: { AVF_CROSVM: "/nowhere/crosvm" } }),
    "crosvm",
    /\/nowhere\/crosvm/,
    /AVF_CROSVM/,
  ],
  [
    "an emulator of which files are missing",
    () => ({ env: { AVF_CACHE_DIR: brokenEmulator() } }),
    "emulator",
    /does not start: .*(not found|No such file)/,
    /npx avf setup --renew image/,
  ],
  [
    "an emulator that is not as it was unpacked",
    () => ({ env: { AVF_CACHE_DIR: brokenEmulator(true) } }),
    "emulator",
    /The programs in .*emulator are not as they were unpacked/,
    /npx avf setup --fresh/,
  ],
  [
    "a system that is no Debian, and no device package",
    () => systemOf('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04 LTS"\n'),
    "system",
    /can be made on Debian 12 or later only; this is linux x64, Ubuntu 24\.04 LTS/,
    /npm install --save-dev jest-avf-device/,
    "run",
  ],
  [
    "a device package of another version",
    () =>
      withDevicePackage((whole) => ({ ...whole, description: whole.description.replace(/"0\.[\d.]+"/, '"0.0.7"') })),
    "device source",
    /jest-avf-device 0\.0\.7 in \S+ does not fit jest-avf /,
    INSTALL_PACKAGE,
    "run",
  ],
  [
    "a device package for another architecture",
    () => withDevicePackage((whole) => ({ ...whole, description: whole.description.replace('"x64"', '"arm64"') })),
    "device source",
    /is for linux arm64; this is linux x64/,
    INSTALL_PACKAGE,
    "run",
  ],
  [
    "a device package of other sources",
    () => withDevicePackage(() => wholePackage("0123456789abcdef")),
    "device source",
    /was made of other sources than this jest-avf/,
    /npm run pack:device/,
    "run",
  ],
  [
    "a device package with half an index",
    () => withDevicePackage((whole) => ({ ...whole, index: whole.index.slice(0, 100) })),
    "device source",
    /jest-avf-device in \S+ is damaged: no valid index/,
    INSTALL_PACKAGE,
    "run",
  ],
  [
    "a device package with half a description",
    () => withDevicePackage((whole) => ({ ...whole, description: whole.description.slice(0, 20) })),
    "device source",
    /jest-avf-device in \S+ is damaged: no valid package\.json/,
    INSTALL_PACKAGE,
    "run",
  ],
  [
    "a truncated device package",
    () => withDevicePackage((whole) => ({ ...whole, data: whole.data.slice(0, 500) })),
    "device source",
    /jest-avf-device in \S+ is damaged: device\.br has 500 bytes instead of 1000/,
    INSTALL_PACKAGE,
    "run",
  ],
  [
    "no package sources",
    () => ({ env: { PATH: pathWithout([], { "apt-get": "exit 0" }) } }),
    "package sources",
    /apt has no source for Debian/,
    /apt-get update/,
  ],
];

// Each is a process or two; on a busy machine they take their time.
jest.setTimeout(240_000);

describe("avf doctor on a machine with", () => {
  // A row may be shorter than the others, which Jest would fill up with its `done`.
  test.each(ROWS.map(([what, ...row]) => [what, row] as const))("%s", async (_what, [arrange, line, why, fix, run]) => {
    const { codes, stdout, stderr } = await avf(["doctor --json", ...(run ? ["setup"] : [])], await arrange());
    expect({ codes, stderr: run ? "" : stderr }).toEqual({
      codes: expect.stringMatching(run ? /^1 [12]$/ : /^1$/),
      stderr: "",
    });
    const { ok, findings } = JSON.parse(stdout) as { readonly ok: boolean; readonly findings: readonly Finding[] };
    const found = findings.find(({ name }) => name === line);
    expect({ ok, found }).toEqual({
      ok: false,
      found: expect.objectContaining({ state: "failed", detail: expect.stringMatching(why) }),
    });
    expect(found?.fix ?? "").toMatch(fix);
    if (run === undefined) return;
    expect(stderr).toContain(`avf: ${found?.detail}`);
    expect(stderr).toContain(`Hint: ${found?.fix}`);
  });

  test("nothing: an empty cache is not a fault, and is not created", async () => {
    const cache = join(folder(), "new");
    const { codes, stdout } = await avf(["doctor"], { env: { AVF_CACHE_DIR: cache } });
    expect({ codes, last: stdout.trimEnd().split("\n").at(-1) }).toEqual({ codes: "0", last: "  npx avf setup" });
    expect(existsSync(cache)).toBe(false);
  });

  test("two faults, for people: what fails, and what fixes it", async () => {
    const { codes, stdout } = await avf(["doctor"], { env: { TMPDIR: "/nowhere", AVF_OUT: "/dev/null/x" } });
    expect(codes).toBe("1");
    const results = "The records of a run cannot be written to /dev/null/x: /dev/null is no folder.";
    expect(stdout).toContain(`✗ results          ${results}\n`);
    expect(stdout).toMatch(/A run would fail\. To fix it:\n {2}name another folder: AVF_OUT=\S+\n {2}.*TMPDIR=/);
  });

  test("a fault of the device package, for people: its fix is a command, with no name before it", async () => {
    const { stdout } = await avf(
      ["doctor"],
      withDevicePackage((whole) => ({ ...whole, data: "" })),
    );
    expect(stdout).toMatch(/A run would fail\. To fix it:\n {2}reinstall it: rm -r /);
  });
});
