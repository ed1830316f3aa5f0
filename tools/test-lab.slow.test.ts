import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { until } from "../src/base/testing/until.js";

const root = join(__dirname, "..");
let folder: string;
let child: ChildProcess | undefined;
let said: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-test-lab-"))));
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function start(program: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  said = "";
  child = spawn(process.execPath, program, { cwd: root, env: { ...process.env, ...env }, stdio: "pipe" });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said += String(chunk)));
  return child;
}

test("Ctrl-C while the last tool is installed is the end, without a run of Jest", async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "npm"), "#!/bin/sh\nexec sleep 60\n");
  chmodSync(join(bin, "npm"), 0o755);
  const path = [bin, process.env["PATH"]].join(delimiter);
  const tools = { AVF_LABGRID: join(folder, "none"), AVF_PRISM: join(folder, "none") };
  const cache = { AVF_CACHE_DIR: join(folder, "cache") };
  const lab = start([join(root, "tools/run.cjs"), "test-lab", "--listTests"], { ...tools, ...cache, PATH: path });
  await until("the installation", () => said.includes("Installing stf-"));
  lab.kill("SIGINT");
  expect(await once(lab, "close")).toEqual([130, null]);
  expect(said).not.toMatch(/\.test\.ts/);
});

test("a host orchestrator that is named leaves the other projects where they are", async () => {
  const jest = createRequire(__filename).resolve("jest/bin/jest");
  const list = start([jest, "--listTests", "--selectProjects", "unit"], { AVF_ORCHESTRATOR: "/nowhere" });
  expect(await once(list, "close")).toEqual([0, null]);
  expect(said).toMatch(/\/src\/base\/.*\.test\.ts/);
});
