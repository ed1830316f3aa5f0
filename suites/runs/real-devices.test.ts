import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopWithUs } from "./stop-with-us.js";

const root = join(__dirname, "../..");
const avf = join(root, "src/cli/avf.cjs");
const apk = join(root, "fixtures/MicrodroidTestApp.apk");
const rooted = join(root, "suites/support/rooted/AndroidTest.xml");
const APPEAR_TIMEOUT_MS = 90_000;

/** Says which device it has, and keeps it until it may go. */
const SUITE = `
const { existsSync, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const { test } = require("jest-avf");
test("has a device", async ({ device, signal }) => {
  writeFileSync(join(__dirname, basename(__filename) + ".serial"), device.serial);
  while (!existsSync(join(__dirname, "go"))) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
`;

/** Without what would change a child's output. */
function environment(added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const away = ["FORCE_COLOR", "CI", "GITHUB_ACTIONS", "AVF_RUN_FOLDER", "AVF_HOLD", "JEST_WORKER_ID"];
  const kept = Object.entries(process.env).filter(([name]) => !away.includes(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1", ...added };
}

interface Run {
  readonly child: ChildProcess;
  /** `output` is stdout and stderr as they came. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly output: string }>;
}

function start(folder: string, argv: readonly string[], added: Readonly<Record<string, string>>): Run {
  const child = spawn(process.execPath, argv, {
    cwd: folder,
    env: environment(added),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, output] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += String(chunk)));
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  const ended = new Promise<{ exitCode: number | null; stdout: string; output: string }>((resolve) =>
    child.once("close", (exitCode) => resolve({ exitCode, stdout, output })),
  );
  return { child, ended };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + APPEAR_TIMEOUT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Timed out after ${APPEAR_TIMEOUT_MS / 1000} s waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function adb(...args: readonly string[]): string {
  return spawnSync("adb", args, { encoding: "utf8" }).stdout;
}

/** A run on real devices has no device to spare. */
const describeEmulated = process.env["ANDROID_SERIAL"] === undefined ? describe : describe.skip;

describeEmulated("two devices that are named by serial, as phones are", () => {
  const names = [1, 2].map((number) => `shared-${process.pid}-${number}`);
  const serials: string[] = [];
  const projects: string[] = [];
  let stopDevices: () => Promise<void>;

  beforeAll(async () => {
    stopDevices = stopWithUs(names, environment({}));
    const runs = names.map((name) => start(root, [avf, "device", "start", "--name", name, "--cpus", "1"], {}));
    for (const { stdout, output } of await Promise.all(runs.map((run) => run.ended))) {
      // Only the serial, for scripts.
      const port = /^127\.0\.0\.1:(\d+)\n$/.exec(stdout)?.[1];
      if (port === undefined) throw new Error(`no device: ${output}`);
      serials.push(`localhost:${port}`);
      adb("connect", `localhost:${port}`);
    }
  }, 180_000);

  afterAll(async () => {
    for (const serial of serials) adb("disconnect", serial);
    await stopDevices();
    for (const folder of projects) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function makeProject(files: readonly string[], leaseTimeoutMs = 60_000, more: object = {}): string {
    const folder = mkdtempSync(join(tmpdir(), "avf-shared-"));
    projects.push(folder);
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "jest-avf"));
    for (const file of files) writeFileSync(join(folder, file), SUITE);
    const jest = { preset: "jest-avf", testEnvironmentOptions: { apks: [apk], leaseTimeoutMs, ...more } };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ jest }));
    return folder;
  }

  const jest = createRequire(join(root, "package.json")).resolve("jest/bin/jest");
  const run = (folder: string, on: readonly string[], ...args: readonly string[]): Run =>
    start(folder, [jest, "--no-watchman", ...args], { ANDROID_SERIAL: on.join(",") });
  const serialOf = (folder: string, file: string): string => readFileSync(join(folder, `${file}.serial`), "utf8");
  const hasDevice = (folder: string, file: string): boolean =>
    existsSync(join(folder, `${file}.serial`)) && serialOf(folder, file) !== "";
  const listing = (serial = ""): string => adb("-s", serial, "shell", "find", "/data/local/tmp", "|", "sort");

  test("go one to each worker, a third sees who has them and since when, and nothing else there is touched", async () => {
    const others = "mkdir -p /data/local/tmp/avf/com.other/vm/theirs && echo mine >/data/local/tmp/notes.txt";
    for (const serial of serials) adb("-s", serial, "shell", others);
    const before = serials.map(listing);
    const both = makeProject(["one.test.js", "two.test.js"]);
    const first = run(both, serials, "--maxWorkers=2");
    await until("both workers to have a device", () =>
      ["one.test.js", "two.test.js"].every((file) => hasDevice(both, file)),
    );
    expect([serialOf(both, "one.test.js"), serialOf(both, "two.test.js")].sort()).toEqual([...serials].sort());

    const late = await run(makeProject(["late.test.js"], 500), serials).ended;
    expect(late.exitCode).toBe(1);
    expect(late.output).toContain("None of the devices asked for can be used");
    for (const serial of serials) {
      const since = `Device ${serial} is in use by process \\d+ \\(run jest \\d+\\) since \\d\\d:\\d\\d:\\d\\d \\(.* ago\\)`;
      expect(late.output).toMatch(new RegExp(since));
    }

    writeFileSync(join(both, "go"), "");
    expect(await first.ended).toMatchObject({ exitCode: 0 });
    expect(serials.map(listing)).toEqual(before);
    expect(serials.map((serial) => adb("-s", serial, "shell", "pm", "path", "com.android.microdroid.test"))).toEqual([
      "",
      "",
    ]);
  });

  test("are reported to programs as JSON, when they start and in the list", async () => {
    const name = `json-${process.pid}`;
    const stopDevice = stopWithUs([name], environment({}));
    try {
      const started = await start(root, [avf, "device", "start", "--json", "--cpus", "1", "--name", name], {}).ended;
      const device = JSON.parse(started.stdout) as { readonly serial: string; readonly adbPort: number };
      expect(device).toMatchObject({ name, serial: `127.0.0.1:${device.adbPort}`, cpus: 1 });
      const list = JSON.parse((await start(root, [avf, "device", "list", "--json"], {}).ended).stdout) as unknown;
      expect(list).toContainEqual(expect.objectContaining({ name, serial: device.serial }));
    } finally {
      await stopDevice();
    }
  });

  test("are free again when the run that has one is killed with SIGKILL", async () => {
    const [serial = ""] = serials;
    const held = makeProject(["held.test.js"]);
    const killed = run(held, [serial], "--runInBand");
    await until("the run to have its device", () => hasDevice(held, "held.test.js"));
    killed.child.kill("SIGKILL");
    await killed.ended;
    writeFileSync(join(held, "go"), "");
    expect(await run(held, [serial], "--runInBand").ended).toMatchObject({ exitCode: 0 });
  });

  test("are rooted for a run whose AndroidTest.xml asks for it, and as they were after it, killed or not", async () => {
    const [serial = ""] = serials;
    const user = (): string => adb("-s", serial, "shell", "id", "-un");
    const before = listing(serial);
    const folder = makeProject(["rooted.test.js"], 60_000, { androidTest: rooted });
    const first = run(folder, [serial], "--runInBand");
    await until("the run to have its device", () => hasDevice(folder, "rooted.test.js"));
    expect(user()).toBe("root\n");
    // Another would find it locked: the lock came back with adbd.
    const late = await run(makeProject(["late.test.js"], 500), [serial], "--runInBand").ended;
    expect(late.output).toContain(`Device ${serial} is in use by`);
    writeFileSync(join(folder, "go"), "");
    expect(await first.ended).toMatchObject({ exitCode: 0 });
    expect({ user: user(), there: listing(serial) }).toEqual({ user: "shell\n", there: before });

    const killed = makeProject(["killed.test.js"], 60_000, { androidTest: rooted });
    const second = run(killed, [serial], "--runInBand");
    await until("the run to have its device", () => hasDevice(killed, "killed.test.js"));
    second.child.kill("SIGKILL");
    await second.ended;
    expect(user()).toBe("root\n");
    const third = makeProject(["third.test.js"]);
    writeFileSync(join(third, "go"), "");
    expect(await run(third, [serial], "--runInBand").ended).toMatchObject({ exitCode: 0 });
    expect({ user: user(), there: listing(serial) }).toEqual({ user: "shell\n", there: before });
  });

  test("have a secret each, although a VM ran in what both continue from", async () => {
    const file = "/data/misc/keystore/virtualization_secret";
    const secrets: string[] = [];
    for (const serial of serials) {
      // How it starts does not matter here, and a copy starts sooner.
      adb("-s", serial, "shell", "setprop", "debug.avf.vm_templates", "1");
      const argv = [avf, "run", apk, "--config", "assets/vm_config_exit.json"];
      expect(await start(root, argv, { ANDROID_SERIAL: serial }).ended).toMatchObject({ exitCode: 42 });
      secrets.push(adb("-s", serial, "shell", "/system/xbin/su", "0", "sha256sum", file));
    }
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64} /);
    expect(secrets[0]).not.toBe(secrets[1]);
  });

  test.each([
    ["avf run", [avf, "run", apk]],
    ["avf start", [avf, "start"]],
  ])("are unchanged after %s whose reader went away", async (_name, argv) => {
    const [serial = ""] = serials;
    const before = listing(serial);
    const { child, ended } = start(root, argv, { ANDROID_SERIAL: serial });
    // As `| head -1`: a line is read, then nothing more.
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { exitCode, output } = await ended;
    expect({ exitCode, output }).toEqual({ exitCode: 141, output: expect.not.stringMatching(/EPIPE|^\s+at /m) });
    expect(listing(serial)).toBe(before);
    expect(adb("-s", serial, "shell", "/apex/com.android.virt/bin/vm", "list")).toMatch(/^Running VMs: \[\s*\]/);
    expect(adb("-s", serial, "shell", "pm", "path", "com.android.microdroid.test")).toBe("");
  });

  test.each([
    [
      "lacks what is asked for",
      "sdk>=99",
      () => serials[0] ?? "",
      /does not match sdk>=99 \(sdk is \d+\)\.\nHint: .*getprop/,
    ],
    [
      "is not connected",
      "",
      () => "localhost:1",
      /adb knows no device localhost:1\.\nHint: adb connect localhost:1; it knows: /,
    ],
  ])("a device that %s is refused with the reason", async (_what, match, serial, message) => {
    const added = { ANDROID_SERIAL: serial(), AVF_DEVICE_MATCH: match };
    const { exitCode, output } = await start(root, [avf, "run", apk], added).ended;
    expect({ exitCode, output }).toEqual({ exitCode: 1, output: expect.stringMatching(message) });
  });
});
