import { describe, expect, test } from "jest-avf";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const avf = join(__dirname, "../src/cli/avf.cjs");

interface Started {
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;
  /** Resolves when its standard output has the text; rejects when it ends without. */
  prints(text: string): Promise<void>;
  kill(): void;
}

/** The command as users run it in another terminal, on the device of this suite. */
function start(serial: string, ...args: readonly string[]): Started {
  const env = { ...process.env, ANDROID_SERIAL: serial, NO_COLOR: "1", FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [avf, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  const ended = new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once("close", (exitCode) => resolve({ exitCode, ...said })),
  );
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += String(chunk)));
  const prints = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      child.stdout.on("data", () => said.stdout.includes(text) && resolve());
      void ended.then(({ stderr }) => reject(new Error(`it ended without printing "${text}": ${stderr}`)));
    });
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += String(chunk)));
  return { ended, prints, kill: () => void child.kill("SIGKILL") };
}

test("the device says how slow its host was measured to be, for whoever leases it", async ({ device }) => {
  const properties = await device.getProperties();
  expect(properties.get("debug.avf.slowness")).toMatch(/^[1-6]\.\d\d$/);
  expect(properties.get("debug.avf.emulated_cpus")).toMatch(/^[01]$/);
});

describe("avf console", () => {
  test("follows a VM that another process runs, and ends with it and the reason", async ({ device, runningVm }) => {
    const console = start(device.serial, "console", "vm1");
    try {
      await console.prints("Hello Microdroid");
      await runningVm.stop();
      const { exitCode, stdout, stderr } = await console.ended;
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/microdroid_manager\[\d+\]: started/);
      expect(stderr).toMatch(/^avf: vm1 on .*; Ctrl-C ends this view, not the VM\navf: vm1 ended: KILLED\n$/);
    } finally {
      console.kill();
    }
  });

  test("lists running VMs if the name is unknown", async ({ device }) => {
    const { exitCode, stderr } = await start(device.serial, "console", "vm7").ended;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(
        /^avf: No VM "vm7" runs on .*\.\nHint: no VM that has a name runs there; .*\/vm list\n$/,
      ),
    });
  });
});

test("avf doctor --why shows each requirement with what the device has", async ({ device }) => {
  const folder = mkdtempSync(join(tmpdir(), "avf-why-"));
  try {
    const suite = join(folder, "wants.test.ts");
    writeFileSync(suite, `/** @avf-requires sdk>=99 cpus>=1 */\ntest.requires("non-protected")("x", () => {});\n`);
    const { exitCode, stdout } = await start(device.serial, "doctor", "--why", suite).ended;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/wants\.test\.ts is skipped on .*\n {2}✗ sdk>=99: sdk is \d+\n {6}adb -s .* getprop/);
    expect(stdout).toMatch(/ {2}✓ cpus>=1: cpus is \d+\n {2}what line 2 declares is skipped/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
