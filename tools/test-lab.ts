/**
 * `npm run test:lab`: leases against labgrid's own coordinator, and against STF's own Swagger. labgrid
 * comes from PyPI, Prism and STF's Swagger from npm, into the cache the first time. What is not available is skipped, with the
 * reason. `AVF_ORCHESTRATOR` names a Cuttlefish host orchestrator, which is tested as well. Arguments are Jest's.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onInterrupt } from "../src/cli/interrupt.js";
import { runJest } from "../src/cli/suites/run-jest.js";
import { openCache } from "../src/base/cache/cache.js";
import { packageRoot } from "../src/base/paths.js";
import { whyNoOrchestrator } from "../src/lab/cuttlefish/testing/test-orchestrator.js";
import { takeFileLock } from "../src/process/locks/file-lock.js";
import { runUnchecked } from "../src/process/run.js";

const LABGRID = "26.0.1";
/** Newer ones want a newer Node. */
const PRISM = "5.14.2";
const STF = "3.7.9";
const SWAGGER = "package/lib/units/api/swagger/api_v1.yaml";
const INSTALL_TIMEOUT_MS = 10 * 60_000;

const NPM_INSTALL = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];

interface Tool {
  /** With its version. */
  readonly name: string;
  readonly install: (folder: string) => readonly (readonly string[])[];
  /** In its folder: what its variable names. */
  readonly file?: string;
}

/** As in jest.config.ts. */
const LABS = ["AVF_LABGRID", "AVF_PRISM", "AVF_ORCHESTRATOR"];

/** By the variable that says where it is. */
const TOOLS: Readonly<Record<string, Tool>> = {
  // A virtual environment: nothing is installed on the host.
  AVF_LABGRID: {
    name: `labgrid-${LABGRID}`,
    install: (folder) => [
      ["python3", "-m", "venv", "--clear", folder],
      [join(folder, "bin/pip"), "install", "--quiet", `labgrid==${LABGRID}`],
    ],
  },
  AVF_PRISM: {
    name: `prism-${PRISM}`,
    install: (folder) => [[...NPM_INSTALL, "--prefix", folder, `@stoplight/prism-cli@${PRISM}`]],
    file: "node_modules/.bin/prism",
  },
  // The one file of it: its dependencies are databases and drivers.
  AVF_STF_SWAGGER: {
    name: `stf-${STF}`,
    install: (folder) => [
      ["npm", "pack", "--silent", "--pack-destination", folder, `@devicefarmer/stf@${STF}`],
      ["tar", "-xzf", join(folder, `devicefarmer-stf-${STF}.tgz`), "-C", folder, SWAGGER],
    ],
    file: SWAGGER,
  },
};

export async function run(args: readonly string[]): Promise<number> {
  const interrupt = onInterrupt();
  try {
    for (const [variable, tool] of Object.entries(TOOLS)) {
      const place = process.env[variable] ?? (await install(tool, interrupt.signal));
      // Empty: Jest's configuration leaves out what needs it.
      process.env[variable] = typeof place === "string" ? place : "";
      if (typeof place !== "string") process.stdout.write(`test:lab without ${tool.name}: ${place.reason}\n`);
    }
    // One is of no use without the other.
    if (process.env["AVF_STF_SWAGGER"] === "") process.env["AVF_PRISM"] = "";
    const orchestrator = whyNoOrchestrator();
    if (orchestrator !== undefined) process.stdout.write(`test:lab without a host orchestrator: ${orchestrator}\n`);
    if (orchestrator !== undefined) process.env["AVF_ORCHESTRATOR"] = "";
    if (LABS.every((variable) => process.env[variable] === "")) return 0;
    // One that ended the last installation left it as one that failed.
    interrupt.signal.throwIfAborted();
    const env = { AVF_TEST_LAB: "1" };
    return await runJest([...args, "--selectProjects", "lab"], { folder: packageRoot, env });
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

async function install(tool: Tool, signal: AbortSignal): Promise<string | { readonly reason: string }> {
  const tools = join(openCache(), "test-tools");
  const lock = await takeFileLock(join(tools, "lock.json"), {
    purpose: `installing ${tool.name}`,
    timeoutMs: INSTALL_TIMEOUT_MS,
    signal,
  });
  try {
    const folder = join(tools, tool.name);
    const made = join(folder, "made");
    const place = tool.file === undefined ? folder : join(folder, tool.file);
    if (existsSync(made)) return place;
    process.stdout.write(`Installing ${tool.name} into ${folder}\n`);
    mkdirSync(folder, { recursive: true });
    for (const step of tool.install(folder)) {
      const { exitCode, stderr, startFailure } = await runUnchecked(step, { timeoutMs: INSTALL_TIMEOUT_MS, signal });
      if (exitCode === 0) continue;
      return { reason: `${step.join(" ")} failed: ${startFailure ?? stderr.trim().split("\n").slice(-3).join(" ")}` };
    }
    writeFileSync(made, "");
    return place;
  } finally {
    lock.release();
  }
}
