/**
 * Four shards of suites/ on two hosts, over devices of a lab: one of them is ended by SIGKILL in the middle, and started once
 * more as a CI does.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { until } from "../../base/testing/until.js";
import type { NetworkHost } from "./network-host.js";

export const FOUR_SHARDS_TIMEOUT_MS = 45 * 60_000;
export const avfProgram = join(packageRoot, "src/cli/avf.cjs");

const SUITES = ["exit-payload", "isolation", "transitions", "lifecycle/console-input"];
const SHARDS = 4;
const FIRST_TEST_MS = 10 * 60_000;
const jestProgram = createRequire(join(packageRoot, "package.json")).resolve("jest/bin/jest");

interface Shard {
  readonly index: number;
  readonly child: ChildProcess;
  /** Of its run. */
  readonly out: string;
  output(): string;
  readonly ended: Promise<number | null>;
}

export class FourShards {
  readonly #shards: Shard[] = [];

  /**
   * @param folder for results, and for a cache of each host, in which there is nothing yet
   * @param devices what AVF_DEVICES says
   */
  constructor(
    private readonly folder: string,
    private readonly hosts: readonly [NetworkHost, NetworkHost],
    private readonly devices: URL,
  ) {
    const config = {
      ...{ rootDir: packageRoot, preset: "jest-avf", reporters: ["default"] },
      testMatch: SUITES.map((name) => `<rootDir>/suites/${name}.test.ts`),
      testEnvironmentOptions: { apks: ["fixtures/MicrodroidTestApp.apk"], leaseTimeoutMs: FOUR_SHARDS_TIMEOUT_MS },
    };
    writeFileSync(join(folder, "jest.json"), JSON.stringify(config));
  }

  /**
   * @param holds whether the output of a shard says that it has a device
   * @returns the one that was killed, and those that ran to their end
   */
  async run(holds: (output: string) => boolean): Promise<{ readonly victim: Shard; readonly whole: readonly Shard[] }> {
    const first = Array.from({ length: SHARDS }, (_each, at) => this.#start(at + 1, 1));
    const runsTests = (shard: Shard): boolean => holds(shard.output()) && startedTests(shard);
    await until("a shard to run a test", () => first.some(runsTests), { timeoutMs: FIRST_TEST_MS });
    const victim = first.find(runsTests);
    if (victim === undefined) throw new Error("nobody runs a test");
    if (victim.child.exitCode !== null) throw new Error(`a shard ended before it was killed: ${victim.output()}`);
    victim.child.kill("SIGKILL");
    await victim.ended;
    const again = this.#start(victim.index, 2);
    const whole = [...first.filter((shard) => shard !== victim), again];
    await Promise.all(whole.map(({ ended }) => ended));
    return { victim, whole };
  }

  /** Merges what all of them recorded, and returns the titles of the tests in it, and its junit.xml. */
  merge(): { readonly titles: readonly string[]; readonly junit: string } {
    const merged = join(this.folder, "merged");
    const outs = this.#shards.map(({ out }) => out);
    const said = this.hosts[0].run(process.execPath, avfProgram, "report", "merge", ...outs, "-o", merged);
    process.stdout.write(said);
    const junit = readFileSync(join(merged, "junit.xml"), "utf8");
    const titles = [...junit.matchAll(/<testcase [^>]*? name="([^"]*)"/g)].map(([, title = ""]) => unescape(title));
    return { titles: titles.sort(), junit };
  }

  kill(): void {
    for (const { child } of this.#shards) child.kill("SIGKILL");
  }

  #start(index: number, attempt: number): Shard {
    const host = this.hosts[index % 2 === 1 ? 0 : 1];
    const out = join(this.folder, `shard-${index}-${attempt}`);
    const config = join(this.folder, "jest.json");
    const argv = [jestProgram, "--config", config, "--runInBand", `--shard=${index}/${SHARDS}`];
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(CI|GITHUB_ACTIONS|FORCE_COLOR|JEST_.*|AVF_.*)$/.test(name),
    );
    const env = {
      ...Object.fromEntries(kept),
      ...{ NO_COLOR: "1", AVF_OUT: out, AVF_CACHE_DIR: join(this.folder, `cache-${host.name}`) },
      AVF_DEVICES: this.devices.href,
    };
    const child = host.start([process.execPath, ...argv], { cwd: packageRoot, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += String(chunk)));
    const ended = once(child, "exit").then(([exitCode]) => exitCode as number | null);
    const shard = { index, child, out, output: () => output, ended };
    this.#shards.push(shard);
    return shard;
  }
}

/** Of the suites' tests, sorted. */
export function titlesOfSuites(): readonly string[] {
  const titles = SUITES.flatMap((name) => {
    const text = readFileSync(join(packageRoot, "suites", `${name}.test.ts`), "utf8");
    return [...text.matchAll(/^ *(?:guestT|t)est\(\s*"(.*?)",/gm)].map(([, title = ""]) => title);
  });
  return titles.sort();
}

function startedTests({ out }: Shard): boolean {
  return readdirSync(out, { recursive: true, encoding: "utf8" }).some(
    (path) => /events-.*\.jsonl$/.test(path) && readFileSync(join(out, path), "utf8").includes('"kind":"test-start"'),
  );
}

function unescape(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
