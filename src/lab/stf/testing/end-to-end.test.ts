/** A suite on a device that an STF of ours lends; the device is an emulated one. */
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../../base/paths.js";
import { FakeStf } from "./fake-stf.js";

jest.setTimeout(10 * 60_000);

const jestProgram = createRequire(join(packageRoot, "package.json")).resolve("jest/bin/jest");
const NAME = `stf-${process.pid}`;

let folder: string;
let stf: FakeStf;
let isStarted = false;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "avf-stf-"));
  const { stdout } = await avf("start", "--name", NAME);
  isStarted = true;
  stf = await FakeStf.start({ A: { address: stdout.trim() } });
});
afterAll(async () => {
  await stf?.stop();
  if (isStarted) await avf("stop", NAME);
  rmSync(folder, { recursive: true, force: true });
});

function avf(...words: readonly string[]): Promise<{ readonly stdout: string }> {
  return promisify(execFile)(process.execPath, [join(packageRoot, "src/cli/avf.cjs"), "device", ...words]);
}

test("a suite runs on it, and it is free again at its end", async () => {
  const config = {
    ...{ rootDir: packageRoot, preset: "jest-avf", reporters: ["default"] },
    testMatch: ["<rootDir>/suites/exit-payload.test.ts"],
    testEnvironmentOptions: { apks: ["fixtures/MicrodroidTestApp.apk"] },
  };
  writeFileSync(join(folder, "jest.json"), JSON.stringify(config));
  const kept = Object.entries(process.env).filter(([name]) => !/^(CI|FORCE_COLOR|JEST_.*)$/.test(name));
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [jestProgram, "--config", join(folder, "jest.json"), "--runInBand"],
    {
      cwd: packageRoot,
      env: {
        ...{ ...Object.fromEntries(kept), NO_COLOR: "1", AVF_OUT: join(folder, "out") },
        ...{ AVF_DEVICES: stf.address("?serial=A").href, STF_TOKEN: "secret" },
      },
    },
  );
  expect(stderr).toMatch(/^Tests: +[1-9]\d* passed, \d+ total$/m);
  expect(stderr).not.toContain("secret");
  expect(stf.device("A")).toMatchObject({ owner: null, connected: false, endings: ["ungroup_request"] });
});
