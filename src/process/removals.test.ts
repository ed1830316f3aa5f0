import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { packageRoot } from "../base/paths.js";
import { devices } from "./testing/removals/devices.js";
import { emulatedDevice } from "./testing/removals/emulated-device.js";
import { emulator } from "./testing/removals/emulator.js";
import { findSites } from "./testing/removals/find-sites.js";
import { images } from "./testing/removals/images.js";
import { hostFiles } from "./testing/removals/host-files.js";
import { processes } from "./testing/removals/processes.js";
import { madeByChance, titlesIn } from "./testing/removals/proofs.js";
import type { RemovalRow } from "./testing/removals/row.js";

const ROWS: readonly RemovalRow[] = [...hostFiles, ...emulator, ...images, ...processes, ...devices, ...emulatedDevice];
const SITES = findSites(packageRoot);

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-removals-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Each as often as it is there. */
function counted(sites: readonly { readonly file: string; readonly text: string }[]): readonly string[] {
  return sites.map(({ file, text }) => `${file}: ${text}`).sort();
}

describe("all that removes, moves or ends something", () => {
  test("has a row that says what it may touch, and no row is of what is gone", () => {
    const told = ROWS.flatMap(({ file, calls }) => calls.map((text) => ({ file, text })));
    expect(counted(told)).toEqual(counted(SITES));
    for (const { touches, ours } of ROWS) for (const words of [touches, ours]) expect(words).toMatch(/\w+ \w+/);
  });

  test.each(ROWS.map((row) => [row.file, row.touches, row] as const))(
    "%s, %s: has its proof",
    (file, _touches, row) => {
      const { proof } = row;
      if ("chance" in proof) {
        const made = madeByChance(join(packageRoot, file));
        expect(made).toContain(proof.chance);
        const subjects = SITES.filter((site) => site.file === file && row.calls.includes(site.text)).map(
          (site) => site.subjects,
        );
        for (const names of subjects) expect(names.some((name) => made.includes(name) || isHandle(name))).toBe(true);
      } else if ("source" in proof) {
        expect(readFileSync(join(packageRoot, proof.source), "utf8")).toContain(proof.has);
      } else {
        const titles = titlesIn(join(packageRoot, proof.test));
        expect(titles.filter((title) => title.includes(proof.title))).not.toEqual([]);
        expect(proof.title.length).toBeGreaterThan(8);
      }
    },
  );

  test("is found, whatever way it is written", () => {
    mkdirSync(join(folder, "src/testing"), { recursive: true });
    for (const name of ["tools", "fuzz", "bench"]) mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, "src/a.ts"),
      [
        "import { rm } from 'x'; // rm(comment)",
        "await rm(path);",
        "fs.promises.rename(a, b); child?.kill();",
        'device.exec(["rm", "-rf", path]); exec(`cd / && mv ${a} b`);',
        'shell("pm uninstall x"); shell("true; pkill -f y"); adb("forward", "--remove", z);',
        'const form = "a firm word";',
      ].join("\n"),
    );
    writeFileSync(join(folder, "src/b.c"), "int main(void) { return unlink(\n  path); }");
    writeFileSync(join(folder, "src/c.sh"), "# rm nothing\n[ -e x ] && rm x\n");
    writeFileSync(join(folder, "src/a.test.ts"), "rm(path)");
    writeFileSync(join(folder, "src/testing/a.ts"), "rm(path)");
    expect(findSites(folder).map(({ text }) => text)).toEqual([
      ...["rm(path)", "fs.promises.rename(a, b)", "child?.kill()", "rm", "cd / && mv ${a} b"],
      ...["pm uninstall x", "true; pkill -f y", "--remove", "unlink( path);", "[ -e x ] && rm x"],
    ]);
  });
});

/** Of a machine that is launched in the same function, beside its folder. */
function isHandle(name: string): boolean {
  return ["qemu", "machine", "rootFolder", "workFolder"].includes(name);
}

describe("what rows build on", () => {
  test("rmdir removes no folder with something in it, and no link to one", () => {
    mkdirSync(join(folder, "full/of"), { recursive: true });
    expect(() => rmdirSync(join(folder, "full"))).toThrow(/ENOTEMPTY/);
    expect(existsSync(join(folder, "full/of"))).toBe(true);
  });

  test("the handle of a child that has ended sends no signal: its id may be another's", async () => {
    const child = spawn("true");
    await once(child, "exit");
    expect(child.kill("SIGKILL")).toBe(false);
  });
});
