import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { adbProgram } from "./adb-program.js";

/** As adb starts its server: by the path of what runs, with the environment that it has. */
const PROGRAM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char self[4096] = "";
  readlink("/proc/self/exe", self, sizeof self - 1);
  if (argc > 1 && strcmp(argv[1], "client") == 0) { execl(self, "adb", "server", argv[2], (char *)0); return 1; }
  Dl_info info;
  dladdr((void *)puts, &info);
  printf("%s %s %s\\n%s\\n", argv[0], argv[1], argv[2], realpath(info.dli_fname, 0));
}`;
const { PATH } = process.env;
let folder: string;
beforeEach(() => void (folder = realpathSync(mkdtempSync(join(tmpdir(), "avf-adb-")))));
afterEach(() => {
  process.env["PATH"] = PATH;
  rmSync(folder, { recursive: true, force: true });
});

test.each(["cache", "a b's $LIB:c;d"])(
  "without one in PATH it is the image's, which starts its server (%s)",
  (name) => {
    const emulator = join(folder, name, "images/0123456789abcdef/emulator");
    for (const each of ["bin", "lib"]) mkdirSync(join(emulator, each), { recursive: true });
    execFileSync("gcc", ["-x", "c", "-", "-o", join(emulator, "bin/adb"), "-ldl"], { input: PROGRAM });
    for (const library of ["/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"]) {
      cpSync(realpathSync(library), join(emulator, "lib", basename(library)));
    }
    process.env["PATH"] = folder;
    const program = adbProgram(join(folder, name), []);
    const said = execFileSync(program, ["client", "it's an argument"], { encoding: "utf8", env: { PATH } });
    expect(said).toBe(`adb server it's an argument\n${join(emulator, "lib/libc.so.6")}\n`);
    // The kernel reads it of the program, and not a loader of the host.
    expect(
      readFileSync(join(program, "../program/adb")).includes(`${join(emulator, "lib/ld-linux-x86-64.so.2")}\0`),
    ).toBe(true);
    expect(adbProgram(join(folder, name), [])).toBe(program);
  },
);

test("the one in PATH goes first, and without any the plain name is left", () => {
  process.env["PATH"] = folder;
  expect(adbProgram(join(folder, "cache"), [])).toBe("adb");
  cpSync("/bin/true", join(folder, "adb"));
  expect(adbProgram(join(folder, "cache"), [])).toBe("adb");
  process.env["PATH"] = "";
  expect(adbProgram(join(folder, "cache"), [folder])).toBe(join(folder, "adb"));
});
