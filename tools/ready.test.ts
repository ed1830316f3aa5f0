import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

/** A checkout without npm packages, and an `npm` that says that it runs and then installs nothing for a minute. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-ready-"));
  mkdirSync(join(folder, "tools"));
  for (const name of ["ready.cjs", "checkout-lock.cjs"]) {
    copyFileSync(join(__dirname, name), join(folder, "tools", name));
  }
  writeFileSync(join(folder, "package-lock.json"), "{}");
  writeNpm("echo npm runs >&2\nexec sleep 60");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeNpm(body: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin/npm"), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, "bin/npm"), 0o755);
}

/** @param before runs in the same process first */
function makeReady(before = "") {
  const path = [join(folder, "bin"), process.env["PATH"]].join(delimiter);
  const program = `${before}; require(${JSON.stringify(join(folder, "tools/ready.cjs"))}).makeReady()`;
  const env = { ...process.env, PATH: path };
  return spawn(process.execPath, ["-e", program], { env, stdio: ["ignore", "ignore", "pipe"] });
}

describe("a checkout is made ready", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const)(
    "npm ends with who started it, by %s",
    async (signal) => {
      const child = makeReady();
      let said = "";
      const installs = new Promise<void>((resolve) => {
        child.stderr.on("data", (data: Buffer) => {
          said += String(data);
          if (said.includes("npm runs")) resolve();
        });
      });
      const exit = once(child, "exit");
      await installs;
      child.kill(signal);
      // npm has the other end of it, so it ends only when both are gone.
      await once(child.stderr, "end");
      const [code, by] = (await exit) as [number | null, NodeJS.Signals | null];
      const numbers = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGKILL: null };
      expect([code, by]).toEqual([numbers[signal], signal === "SIGKILL" ? "SIGKILL" : null]);
    },
  );

  test("a signal right after the start of npm ends both", async () => {
    const child = makeReady(`
      const cp = require("node:child_process");
      const { spawn } = cp;
      cp.spawn = (...args) => {
        const npm = spawn(...args);
        process.kill(process.pid, "SIGTERM");
        return npm;
      }`);
    child.stderr.resume();
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(143);
  });

  test("says that npm failed, and ends", async () => {
    writeNpm("echo no network >&2; exit 1");
    const child = makeReady();
    let said = "";
    child.stderr.on("data", (data: Buffer) => void (said += String(data)));
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(1);
    expect(said).toBe(
      "avf: installing npm packages (npm ci)\nno network\navf: npm ci failed. Fix what it says, then try again.\n",
    );
  });

  test("installs nothing if packages are as new as the lock file", async () => {
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(join(folder, "node_modules/.package-lock.json"), "{}");
    utimesSync(join(folder, "package-lock.json"), 1, 1);
    writeFileSync(join(folder, "tools/build.cjs"), "exports.build = () => console.error('builds');");
    const child = makeReady();
    let said = "";
    child.stderr.on("data", (data: Buffer) => void (said += String(data)));
    await once(child, "close");
    expect(said).toBe("builds\n");
  });
});
