import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-flock-"));
  execFileSync("gcc", ["-Wall", "-Wextra", "-Werror", "-o", join(folder, "flock"), join(__dirname, "flock.c")]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a script sees, with ours and with util-linux's: exit codes on two files that are one folder. */
const SCRIPT = `
exec 7<"$1" 8<"$1" 9</dev/null
try() { "$flock" "$@" >/dev/null 2>&1; printf '%s ' "$?"; }
try -xn 7; try -xn 8; try -sn 8; try -n 7; try -x -n 0 <&7
try -u 7; try -sn 7; try -sn 8; try -xn 8; try -u 7; try -xn 8; try 8
exec 8<&-
try -xn 7; try -n 99
`;

test("locks what is open in the caller, as util-linux's does", () => {
  const answers = [join(folder, "flock"), "flock"].map((flock) => {
    const { stdout } = spawnSync("sh", ["-c", SCRIPT, "sh", folder], {
      encoding: "utf8",
      env: { ...process.env, flock },
    });
    return stdout.trim().split(" ").slice(0, -1);
  });
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]).toEqual(["0", "1", "1", "0", "0", "0", "0", "0", "1", "0", "0", "0", "0"]);
});

test.each([[[]], [["-k", "9"]], [["nine"]], [["7", "8"]], [["-1"]]])("%j is a wrong call", (args) => {
  expect(spawnSync(join(folder, "flock"), args)).toMatchObject({ status: 2 });
});

test("a file that is not open is said to be none", () => {
  const { status, stderr } = spawnSync(join(folder, "flock"), ["-n", "99"], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 1, stderr: "flock: Bad file descriptor\n" });
});
