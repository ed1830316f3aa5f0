/** Devices of the real host orchestrator, whose `cvd` starts emulated ones. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../../base/paths.js";
import type { LeasedDevice } from "../../sources/device-source.js";
import { cuttlefishDevices } from "../cuttlefish-devices.js";
import { inspectCuttlefish } from "../inspect-orchestrator.js";
import { TestOrchestrator, whyNoOrchestrator } from "./test-orchestrator.js";

jest.setTimeout(10 * 60_000);

const jestProgram = createRequire(join(packageRoot, "package.json")).resolve("jest/bin/jest");
const reason = whyNoOrchestrator();
const describeThere = reason === undefined ? describe : describe.skip;

describeThere(`a host orchestrator${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let orchestrator: TestOrchestrator;
  let folder: string;
  let told: string[] = [];
  const leases: LeasedDevice[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "avf-cuttlefish-"));
    orchestrator = await TestOrchestrator.start();
  });
  afterEach(async () => {
    told = [];
    await Promise.all(leases.splice(0).map((lease) => lease.release()));
  });
  afterAll(async () => {
    await orchestrator.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function lease(query: string, timeoutMs = 120_000): Promise<LeasedDevice> {
    const onWait = (text: string): void => void told.push(text);
    const source = cuttlefishDevices(orchestrator.address(query), { runId: "test", timeoutMs, match: [], onWait });
    const got = await source.acquire(new AbortController().signal);
    leases.push(got);
    return got;
  }

  async function list({ device }: LeasedDevice): Promise<string | undefined> {
    return (await device?.exec(["ls", "/data/local/tmp"]))?.stdout;
  }

  /** Results are in `out`, in a folder that is called as `cwd` is. */
  async function runJest(cwd: string, args: readonly string[], { href }: URL): Promise<{ readonly stderr: string }> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(CI|FORCE_COLOR|JEST_.*)$/.test(name));
    const env = {
      ...Object.fromEntries(kept),
      NO_COLOR: "1",
      AVF_OUT: join(folder, "out", basename(cwd)),
      AVF_DEVICES: href,
    };
    const how = args.some((arg) => arg.startsWith("--maxWorkers")) ? [] : ["--runInBand"];
    return promisify(execFile)(process.execPath, [jestProgram, ...args, ...how], { cwd, env });
  }

  test("makes a device, on which a suite runs, and removes it at the end", async () => {
    const config = {
      ...{ rootDir: packageRoot, preset: "jest-avf", reporters: ["default"] },
      testMatch: ["<rootDir>/suites/exit-payload.test.ts"],
      testEnvironmentOptions: { apks: ["fixtures/MicrodroidTestApp.apk"] },
    };
    writeFileSync(join(folder, "jest.json"), JSON.stringify(config));
    const address = orchestrator.address(`config=${orchestrator.writeConfig()}`);
    const { stderr } = await runJest(packageRoot, ["--config", join(folder, "jest.json")], address);
    expect(stderr).toMatch(/^Tests: +\d+ passed, \d+ total$/m);
    expect(orchestrator.calls().filter((call) => /\bload\b|\bremove$/.test(call))).toEqual([
      expect.stringMatching(/^load /),
      expect.stringMatching(/^--group_name=avf_\w+_\d+_[0-9a-f]{8} remove$/),
    ]);
    expect(await orchestrator.devices()).toEqual([]);
  });

  test("keeps a device from file to file, pristine for each, with snapshots as checkpoints", async () => {
    const project = join(folder, "files");
    mkdirSync(join(project, "node_modules"), { recursive: true });
    symlinkSync(packageRoot, join(project, "node_modules/jest-avf"));
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ jest: { preset: "jest-avf", testEnvironmentOptions: { leaks: "warn" } } }),
    );
    const calls = orchestrator.calls().length;
    for (const name of ["a", "b"]) {
      writeFileSync(
        join(project, `${name}.test.js`),
        `const { test, expect } = require("jest-avf");
        const LEFT = "/data/local/tmp/left-behind";
        const isThere = async (device) => (await device.execUnchecked(["ls", LEFT])).exitCode === 0;
        test("finds nothing of others, and goes back to a checkpoint", async ({ device }) => {
          expect(await isThere(device)).toBe(false);
          const clean = await device.checkpoint("clean");
          await device.exec(["touch", LEFT]);
          expect(await isThere(device)).toBe(true);
          await device.restore(clean);
          expect(await isThere(device)).toBe(false);
          await device.exec(["touch", LEFT]);
        });`,
      );
    }
    const { stderr } = await runJest(project, [], orchestrator.address(`config=${orchestrator.writeConfig()}`));
    expect(stderr).toMatch(/^Tests: +2 passed, 2 total$/m);
    const verbs = orchestrator
      .calls()
      .slice(calls)
      .map((call) => /(?:^| )(load|remove|powerwash|snapshot_take|start|stop)\b/.exec(call)?.[1]);
    const course = ["snapshot_take", "stop", "start"];
    expect(verbs.filter((verb) => verb !== undefined)).toEqual(["load", ...course, "powerwash", ...course, "remove"]);
    expect(await orchestrator.devices()).toEqual([]);
    expect(orchestrator.snapshots()).toEqual([]);
  });

  test("has removed the devices of two workers when the run ends", async () => {
    const project = join(folder, "workers");
    mkdirSync(join(project, "node_modules"), { recursive: true });
    symlinkSync(packageRoot, join(project, "node_modules/jest-avf"));
    writeFileSync(join(project, "package.json"), JSON.stringify({ jest: { preset: "jest-avf" } }));
    for (const name of ["a", "b"]) {
      writeFileSync(
        join(project, `${name}.test.js`),
        `require("jest-avf").test("has one", async ({ device }) => { await device.exec(["true"]); });`,
      );
    }
    const address = orchestrator.address(`config=${orchestrator.writeConfig()}`);
    const { stderr } = await runJest(project, ["--maxWorkers=2"], address);
    expect(await orchestrator.devices()).toEqual([]);
    expect(stderr).toMatch(/^Tests: +2 passed, 2 total$/m);
    expect(stderr).not.toContain("force exited");
  });

  test("has a device that one client takes at a time; a waiting one sees who has it and since when", async () => {
    await expect(lease("")).rejects.toMatchObject({ code: "LAB_NO_PLACE" });
    const environment = JSON.parse(readFileSync(orchestrator.writeConfig(), "utf8")) as object;
    await orchestrator.operate("POST", "cvds", { env_config: { ...environment, common: { group_name: "cvd_1" } } });
    expect(await inspectCuttlefish(orchestrator.address())).toMatch(/^127\.0\.0\.1:\d+: cvd_1\/phone \(Running\)$/);
    const first = await lease("powerwash=true");
    expect(first.description).toMatch(/^device 127\.0\.0\.1:\d+, cvd_1\/phone of 127\.0\.0\.1:\d+$/);
    await expect(lease("group=cvd_1", 2_000)).rejects.toMatchObject({ code: "DEVICE_BUSY" });
    expect(told).toEqual([expect.stringMatching(/in use by .*since \d\d:\d\d:\d\d/)]);
    await first.device?.exec(["touch", "/data/local/tmp/left-behind"]);
    expect(await list(first)).toContain("left-behind");
    await first.release();
    const second = await lease("group=cvd_1&instance=phone");
    expect(await list(second)).not.toContain("left-behind");
    expect(orchestrator.calls()).toContain("--group_name=cvd_1 --instance_name=phone powerwash");
    expect(await orchestrator.devices()).toEqual(["cvd_1/phone Running"]);
  });

  test("keeps its bug report of a device beside a test that failed there, and no longer at the host", async () => {
    const project = join(folder, "project");
    mkdirSync(join(project, "node_modules"), { recursive: true });
    symlinkSync(packageRoot, join(project, "node_modules/jest-avf"));
    writeFileSync(join(project, "package.json"), JSON.stringify({ jest: { preset: "jest-avf" } }));
    writeFileSync(
      join(project, "fails.test.js"),
      `require("jest-avf").test("fails", ({ device }) => { throw new Error("wrong on " + device.serial); });`,
    );
    await expect(runJest(project, [], orchestrator.address("group=cvd_1"))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("wrong on 127.0.0.1:") as unknown,
    });
    const saved = readdirSync(join(folder, "out/project"), { recursive: true, encoding: "utf8" });
    const [report, ...more] = saved.filter((path) => /^\d.*device\/cuttlefish-bugreport\./.test(path));
    expect(more).toEqual([]);
    expect(readFileSync(join(folder, "out/project", report ?? "no report"), "latin1")).toMatch(
      /^PK.*bug report of cvd_1$/s,
    );
    expect(readdirSync(orchestrator.bugReports)).toEqual([]);
  });
});
