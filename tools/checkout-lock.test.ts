import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

const MODULE = join(__dirname, "checkout-lock.cjs");
const NAME = ".avf-checkout.lock";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-checkout-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that does `work` under the lock. */
function program(work: string): readonly string[] {
  return [
    "-e",
    `require(${JSON.stringify(MODULE)}).withCheckoutLock(${JSON.stringify(folder)}, async () => { ${work} })`,
  ];
}

/** Resolves when it has the lock, which it keeps until its stdin ends. */
async function hold(): Promise<ChildProcess> {
  const work = `console.log("has it"); await new Promise((done) => process.stdin.once("end", done).resume());`;
  const child = spawn(process.execPath, program(work), { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

function run(work = `console.log("done")`) {
  return spawnSync(process.execPath, program(work), { encoding: "utf8" });
}

describe("the lock of a checkout", () => {
  test("a waiting process sees whom it waits for, and continues when that one was killed with SIGKILL", async () => {
    const holder = await hold();
    const waiting = spawn(process.execPath, program(`console.log("done")`), { stdio: ["ignore", "pipe", "pipe"] });
    const [said] = (await once(waiting.stderr, "data")) as [Buffer];
    expect(String(said)).toBe(`avf: waiting for process ${holder.pid}, which installs or builds in this checkout\n`);
    holder.kill("SIGKILL");
    const [done] = (await once(waiting.stdout, "data")) as [Buffer];
    expect(String(done)).toBe("done\n");
  });

  test("of many at once each finds the work of the previous one done", async () => {
    const count = join(folder, "count");
    writeFileSync(count, "0");
    const work = `const fs = require("node:fs"); const seen = Number(fs.readFileSync(${JSON.stringify(count)}, "utf8"));
      await new Promise((done) => setTimeout(done, 5)); fs.writeFileSync(${JSON.stringify(count)}, String(seen + 1));`;
    const runs = Array.from({ length: 8 }, () => spawn(process.execPath, program(work), { stdio: "inherit" }));
    await Promise.all(runs.map((each) => once(each, "exit")));
    expect(readFileSync(count, "utf8")).toBe("8");
  });

  test.each<[string, (victim: string, lock: string) => void]>([
    ["a link", symlinkSync],
    ["a second name of a file", linkSync],
    ["a file with more in it than a lock has", (victim, lock) => copyFileSync(victim, lock)],
    ["a folder", (_victim, lock) => mkdirSync(lock)],
    ["a pipe", (_victim, lock) => spawnSync("mkfifo", [lock])],
  ])("%s planted in its place does no harm", (_what, plant) => {
    const victim = join(folder, "victim");
    writeFileSync(victim, "precious, and of some length");
    plant(victim, join(folder, NAME));
    const { status, stdout, stderr } = run();
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/\.avf-checkout\.lock is no plain file.*; remove it/),
    });
    expect(readFileSync(victim, "utf8")).toBe("precious, and of some length");
  });

  const OTHER = 65534;
  const asRoot = process.geteuid?.() === 0 ? describe : describe.skip;
  /** What a user who is not root can run: the checkout of this test may be readable by root alone. */
  const runAs = (uid: number) => {
    const copy = join(folder, "lock.cjs");
    copyFileSync(MODULE, copy);
    const work = `require("./lock.cjs").withCheckoutLock(process.cwd(), async () => console.log("done"))`;
    return spawnSync(process.execPath, ["-e", work], { encoding: "utf8", cwd: folder, uid, gid: uid });
  };

  asRoot("of a checkout that another user owns", () => {
    test("is taken by root and by that user, in either order", () => {
      chownSync(folder, OTHER, OTHER);
      const file = join(folder, NAME);
      expect(run()).toMatchObject({ stdout: "done\n", stderr: "" });
      expect(statSync(file)).toMatchObject({ uid: OTHER, gid: OTHER });
      expect(runAs(OTHER)).toMatchObject({ stdout: "done\n", stderr: "" });
      expect(run()).toMatchObject({ stdout: "done\n", stderr: "" });
      // As root left one in earlier versions.
      chownSync(file, 0, 0);
      expect(run()).toMatchObject({ stdout: "done\n", stderr: "" });
      expect(statSync(file).uid).toBe(OTHER);
    });

    test("is reported if the file belongs to a third user, and ignored if nothing could be changed", () => {
      const file = join(folder, NAME);
      writeFileSync(file, "", { mode: 0o600 });
      chmodSync(folder, 0o777);
      const refused = expect.stringMatching(
        /\.avf-checkout\.lock is no plain file of this user \(uid \d+\); remove it/,
      );
      expect(runAs(OTHER)).toMatchObject({ status: 1, stdout: "", stderr: refused });
      chmodSync(folder, 0o755);
      expect(runAs(OTHER)).toMatchObject({ status: 0, stdout: "done\n", stderr: "" });
      chownSync(file, OTHER, OTHER);
      expect(run()).toMatchObject({ status: 1, stdout: "", stderr: refused });
    });
  });

  test("leaves nothing in the folder for temporary files", () => {
    const shared = mkdtempSync(join(tmpdir(), "avf-shared-tmp-"));
    const { stdout } = spawnSync(
      process.execPath,
      program(`console.log(require("node:fs").readdirSync(${JSON.stringify(shared)}).length)`),
      {
        encoding: "utf8",
        env: { ...process.env, TMPDIR: shared },
      },
    );
    rmSync(shared, { recursive: true });
    expect(stdout).toBe("0\n");
  });

  test("is not waited for without end when flock is missing", () => {
    const { status, stderr } = spawnSync(process.execPath, program(""), { encoding: "utf8", env: { PATH: folder } });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/flock does not run.*util-linux; PATH is .*\nHint: apt-get install util-linux/),
    });
  });
});
