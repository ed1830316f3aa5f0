import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { emulatorCommand } from "./emulator.js";

/** Tells where its library comes from, and what it was given. */
const PROGRAM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
int main(int argc, char **argv) {
  Dl_info info;
  dladdr((void *)puts, &info);
  char *library = realpath(info.dli_fname, 0);
  printf("%s\\n%03o\\n", library, umask(0));
  for (int i = 1; i < argc; i++) printf("%s\\n", argv[i]);
}`;

let folder: string;
let program: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "avf-emulator-")));
  program = join(folder, "program");
  execFileSync("gcc", ["-x", "c", "-", "-o", program, "-ldl"], { input: PROGRAM });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What belongs to an emulator in an image. */
function makeTree(name: string): string {
  const image = join(folder, name);
  const root = join(image, "emulator");
  for (const each of ["bin", "lib"]) mkdirSync(join(root, each), { recursive: true });
  cpSync(realpathSync("/lib64/ld-linux-x86-64.so.2"), join(root, "lib/ld-linux-x86-64.so.2"));
  cpSync(realpathSync("/lib/x86_64-linux-gnu/libc.so.6"), join(root, "lib/libc.so.6"));
  cpSync(program, join(root, "bin/qemu-system-x86_64"));
  return image;
}

test.each(["plain", "a=b", "a b,c:d;e", "$LIB 'x' \"y\" %d", "ü-日本", "-x"])(
  "the emulator of a cache named %j runs, with its own libraries",
  (name) => {
    const image = makeTree(name);
    const [sh = "", ...args] = emulatorCommand(image);
    const [library, umask, ...rest] = execFileSync(sh, args, { encoding: "utf8" }).split("\n");
    expect({ library, umask }).toEqual({ library: join(image, "emulator/lib/libc.so.6"), umask: "077" });
    expect(rest).toContain("-L");
  },
);

test("a machine's writes its files without a name where it may write", () => {
  const image = makeTree("seated");
  const own = join(folder, "own:a b");
  mkdirSync(join(own, "tmp"), { recursive: true });
  const [sh = "", ...args] = emulatorCommand(image, { folder: own, user: undefined, detached: false });
  const script = ["-c", 'cd "$TMPDIR" && pwd -P', "sh"];
  const at = args.findIndex((word) => word.includes("ld-linux"));
  expect(execFileSync(sh, [...args.slice(0, at), "sh", ...script], { encoding: "utf8" })).toBe(`${join(own, "tmp")}\n`);
});

test("one of another user becomes that user before it is run, and dies with its parent only after that", () => {
  const image = makeTree("user");
  const user = { uid: 61_000, groups: [60_706, 104] };
  const words = (detached: boolean) => emulatorCommand(image, { folder, user, detached });
  const helper = "/proc/self/fd/9/emulator/bin/host-helper";
  const start = ["sh", image, folder, helper, "become", "61000", "60706,104"];
  expect(words(true).slice(3, 11)).toEqual([...start, "/proc/self/fd/9/emulator/lib/ld-linux-x86-64.so.2"]);
  expect(words(false).slice(3, 12)).toEqual([...start, helper, "die-with-parent"]);
});

test("a program that others may write to is not run", () => {
  const image = makeTree("writable");
  const path = join(image, "emulator/bin/qemu-system-x86_64");
  writeFileSync(path, "");
  chmodSync(path, 0o777);
  expect(() => emulatorCommand(image)).toThrow(
    /Bad owner or permissions on \S+qemu-system-x86_64: mode 0777[^]*--renew image/,
  );
});
