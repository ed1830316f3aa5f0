import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, type DuplexOptions } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { hostShell } from "../../testing/host-shell.js";
import type { AdbConnection } from "../server/connection.js";
import { AdbRefusal } from "../server/smart-socket.js";
import { findPackage, installPackage, uninstallPackage } from "../packages.js";
import { sweepTemporaries, withTemporary } from "./temporaries.js";

let folder: string;
let connection: AdbConnection;
let calls: string[];
const saved = process.env["AVF_CACHE_DIR"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-temporaries-"));
  mkdirSync(join(folder, "phone"));
  process.env["AVF_CACHE_DIR"] = join(folder, "cache");
  calls = [];
  connection = {
    serial: "phone",
    gone: new AbortController().signal,
    // The device is this host, unless `gone` is there.
    open: async (service: string) => {
      calls.push(service);
      if (existsSync(join(folder, "gone"))) throw new AdbRefusal("device 'phone' not found");
      if (service === "sync:") return takesAnyFile();
      return hostShell(service, { PATH: `${folder}:${process.env["PATH"] ?? ""}` });
    },
    assertStillThere: async () => undefined,
    explain: async (error: unknown) => error,
  } as unknown as AdbConnection;
});
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = saved;
  rmSync(folder, { recursive: true });
});

/** AOSP, SYNC.TXT: what is sent is answered when it is complete. */
function takesAnyFile(): Duplex {
  const write: DuplexOptions["write"] = function (this: Duplex, packet: Buffer, _encoding, done) {
    if (packet.toString("latin1", 0, 4) === "DONE") this.push(Buffer.from("OKAY\0\0\0\0", "latin1"));
    done();
  };
  return new Duplex({ read: () => undefined, write });
}

const program = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o755 });
const onPhone = (): readonly string[] => readdirSync(join(folder, "phone"));
const noteFolder = (): string => join(folder, "cache/temporary-on-devices/phone");
const notes = (): readonly string[] => (existsSync(noteFolder()) ? readdirSync(noteFolder()) : []);

/** As if the process had been killed that wrote them. */
function kill(change: (note: { content: unknown }) => object = (note) => note): void {
  for (const name of notes()) {
    const path = join(noteFolder(), name);
    const note = JSON.parse(readFileSync(path, "utf8")) as { owner: object; content: unknown };
    const owner = { pid: spawnSync("true").pid, startTicks: "1" };
    writeFileSync(path, JSON.stringify({ ...change(note), owner }));
  }
}

describe("a temporary file on a device", () => {
  const stuck = (ending: "tmp" | "apk") =>
    withTemporary(connection, join(folder, "phone"), ending, async (path) => {
      writeFileSync(path, "half");
      return path;
    });

  test("is recorded before it exists, under a random name, and forgotten with it", async () => {
    const path = await withTemporary(connection, join(folder, "phone"), "apk", async (temporary) => {
      expect(readFileSync(join(noteFolder(), notes()[0] ?? ""), "utf8")).toContain(JSON.stringify(temporary));
      writeFileSync(temporary, "whole");
      return temporary;
    });
    expect(path).toMatch(/\/phone\/\.avf-[0-9a-f]{32}\.apk$/);
    expect([onPhone(), notes()]).toEqual([[], []]);
    // One that was moved to its place is not looked for again.
    await stuck("tmp");
    expect(notes()).toEqual([]);
    expect(calls.filter((call) => /\brm\b/.test(call))).toHaveLength(1);
  });

  test("stays recorded when the device goes away, and is removed when it is opened after that process has ended", async () => {
    writeFileSync(join(folder, "phone/of-somebody"), "");
    writeFileSync(join(folder, "gone"), "");
    await stuck("apk");
    rmSync(join(folder, "gone"));
    await sweepTemporaries(connection);
    expect([onPhone().length, notes().length]).toEqual([2, 1]);
    kill();
    await sweepTemporaries(connection);
    expect([onPhone(), notes()]).toEqual([["of-somebody"], []]);
  });

  test.each<[string, unknown]>([
    ["a file of somebody", "/phone/of-somebody"],
    ["more than a path", "/phone/.avf-0123456789abcdef0123456789abcdef.tmp /phone/of-somebody"],
    ["no path", { path: "/" }],
  ])("a record that names %s removes nothing, and is dropped", async (_what, content) => {
    writeFileSync(join(folder, "phone/of-somebody"), "");
    writeFileSync(join(folder, "gone"), "");
    await stuck("apk");
    rmSync(join(folder, "gone"));
    const there = typeof content === "string" ? content.replaceAll("/phone/", `${folder}/phone/`) : content;
    kill((note) => ({ ...note, content: there }));
    await sweepTemporaries(connection);
    expect(onPhone()).toContain("of-somebody");
    expect([onPhone().length, notes().length]).toEqual([2, 0]);
  });
});

describe("a package manager", () => {
  test("that knows no such package says so by exit code 1 and nothing else", async () => {
    program("pm", "#!/bin/sh\necho 'WARNING: linker: unused DT entry' >&2; exit 1\n");
    expect(await findPackage(connection, "com.example.app")).toBeUndefined();
    await uninstallPackage(connection, "com.example.app");
  });

  test("is asked for Android's own package, whose name has no dot", async () => {
    program("pm", '#!/bin/sh\necho "package:/system/framework/$2.apk"\n');
    expect(await findPackage(connection, "android")).toBe("/system/framework/android.apk");
    await expect(findPackage(connection, "app")).rejects.toMatchObject({ kind: "usage", code: "PACKAGE_NAME" });
  });

  test.each([
    // What Android 14 says while it starts, and when its service throws.
    ["that is not up yet", "echo 'cmd: Can'\"'\"'t find service: package' >&2; exit 20"],
    ["that throws", "echo 'Exception occurred while executing '\"'\"'path'\"'\"':' >&2; exit 255"],
    ["that is killed", "kill -9 $$"],
    ["that says something else", "echo 'Error: what?'; exit 1"],
    ["that says nothing at all", "exit 0"],
  ])("%s has not said that the package is not installed", async (_what, script) => {
    program("pm", `#!/bin/sh\n${script}\n`);
    const refused = { kind: "infrastructure", code: "PACKAGE_MANAGER" };
    await expect(findPackage(connection, "com.example.app")).rejects.toMatchObject(refused);
    await expect(uninstallPackage(connection, "com.example.app")).rejects.toMatchObject(refused);
  });
});

describe("an install", () => {
  const install = async (script: string): Promise<void> => {
    program("pm", `#!/bin/sh\n${script}\n`);
    program("mv", "#!/bin/sh\n");
    writeFileSync(join(folder, "App.apk"), "apk");
    await installPackage(connection, join(folder, "App.apk"));
  };

  test.each([
    ["has no package service yet", 'echo "cmd: Can\'t find service: package" >&2; exit 20'],
    ["loses it on the way", "echo 'cmd: Failure calling service package: Broken pipe (32)' >&2; exit 224"],
    ["is killed", "kill -9 $$"],
  ])("on a device that %s has not been judged", async (_what, script) => {
    await expect(install(script)).rejects.toMatchObject({ kind: "infrastructure", code: "PACKAGE_MANAGER" });
  });

  test.each([
    ["its word", "echo 'Failure [INSTALL_FAILED_OLDER_SDK: too old]'; exit 1"],
    // PackageManagerShellCommand.setParamsSize, of a file that is no APK.
    ["an exception", "echo 'java.lang.IllegalArgumentException: Error: Failed to parse APK file: x.apk' >&2; exit 255"],
  ])("is refused by the package manager: %s", async (_what, script) => {
    await expect(install(script)).rejects.toMatchObject({ kind: "usage", code: "INSTALL_FAILED" });
  });

  test("that succeeds says so, whatever else is printed", async () => {
    await install('echo "cmd: Can\'t find service: other" >&2; echo Success');
  });
});

test("an install that cannot start leaves neither a file nor a record", async () => {
  await expect(installPackage(connection, join(folder, "none.apk"))).rejects.toThrow(/ENOENT/);
  expect(notes()).toEqual([]);
});
