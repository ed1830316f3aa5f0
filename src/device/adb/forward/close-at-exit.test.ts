import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { closeAtExit, closeOpenForwards, type OpenForward } from "./close-at-exit.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-exit-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** An adb that lists these forwards, and writes down what it is told to do. */
function adbWith(...listed: readonly string[]): OpenForward["adb"] {
  const program = join(folder, "adb");
  writeFileSync(join(folder, "list"), listed.map((line) => `${line}\n`).join(""));
  writeFileSync(
    program,
    `#!/bin/sh\ncd "$(dirname "$0")"\ncase $2 in --list) cat list ;; *) echo "$@" >>done ;; esac\n`,
  );
  chmodSync(program, 0o755);
  writeFileSync(join(folder, "done"), "");
  return (...words) => [program, ...words];
}
const done = (): string => readFileSync(join(folder, "done"), "utf8");

test("what is still open is closed, once", () => {
  const adb = adbWith("phone tcp:4001 vsock:10:5555", "phone tcp:4002 localfilesystem:/a b");
  closeAtExit({ serial: "phone", local: "tcp:4001", remote: "vsock:10:5555", adb });
  closeAtExit({ serial: "phone", local: "tcp:4002", remote: "localfilesystem:/a b", adb });
  closeOpenForwards();
  closeOpenForwards();
  expect(done()).toBe("forward --remove tcp:4001\nforward --remove tcp:4002\n");
});

test.each([
  ["of another device", "other tcp:4001 vsock:10:5555"],
  ["to another port", "phone tcp:4001 vsock:10:5556"],
])("a port that is a forward %s by now is left", (_what, line) => {
  closeAtExit({ serial: "phone", local: "tcp:4001", remote: "vsock:10:5555", adb: adbWith(line) });
  closeOpenForwards();
  expect(done()).toBe("");
});

test("one that was closed before is not looked up", () => {
  const adb = adbWith("phone tcp:4001 vsock:10:5555");
  closeAtExit({ serial: "phone", local: "tcp:4001", remote: "vsock:10:5555", adb })();
  closeOpenForwards();
  expect(done()).toBe("");
});

test("without an adb that answers nothing is closed, and nothing fails", () => {
  const adb = (): readonly string[] => [join(folder, "none")];
  closeAtExit({ serial: "phone", local: "tcp:4001", remote: "vsock:10:5555", adb });
  expect(closeOpenForwards).not.toThrow();
});
