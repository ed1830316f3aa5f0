import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { buildHostHelper, type BuiltHelper } from "./testing/built-helper.js";

let helper: BuiltHelper;
beforeAll(() => {
  helper = buildHostHelper();
  // Another user has to reach it.
  execFileSync("chmod", ["-R", "a+rX", helper.packageFolder]);
});
afterAll(() => helper.remove());

const asRoot = process.getuid?.() === 0 ? test : test.skip;

function become(...words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(helper.program, ["become", ...words], { encoding: "utf8", cwd: "/" });
}

asRoot("a program runs as that user, with those groups and no others, and without capabilities", () => {
  const { stdout } = become("61000", "60706,104", "cat", "/proc/self/status");
  expect(stdout).toMatch(/^Uid:\t61000\t61000\t61000\t61000$/m);
  expect(stdout).toMatch(/^Gid:\t60706\t60706\t60706\t60706$/m);
  expect(stdout).toMatch(/^Groups:\t104 60706 $/m);
  for (const name of ["CapPrm", "CapEff", "CapInh", "CapAmb"])
    expect(stdout).toMatch(new RegExp(`^${name}:\\t0+$`, "m"));
});

asRoot("its wish to die with its parent is made once it is that user", () => {
  const { stdout } = become("61000", "60706", helper.program, "die-with-parent", "sh", "-c", "id -u; id -g");
  expect(stdout).toBe("61000\n60706\n");
});

test("root and its group are refused, and so are words that are not ids", () => {
  for (const words of [
    ["0", "60706"],
    ["61000", "0"],
    ["61000", "60706,0"],
    ["root", "60706"],
    ["60999abc", "60706"],
    [" 61000", "60706"],
    ["4294967295", "60706"],
    ["4294967297", "60706"],
    ["61000", ""],
    ["61000", "60706,"],
    ["61000", "60706abc"],
    ["61000", "1,2,3,4,5,6,7,8,9"],
  ])
    expect(become(...words, "true")).toMatchObject({ status: 64, stdout: "" });
});
