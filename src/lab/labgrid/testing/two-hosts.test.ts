/**
 * Two hosts, a labgrid coordinator, two places that are emulated devices, four shards of suites/ over them: one of these is
 * ended by SIGKILL in the middle. Takes some ten minutes of two processors.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../../base/paths.js";
import { NetworkHost } from "./network-host.js";
import { TestLab, waitFor } from "./test-lab.js";

const SUITES = ["exit-payload", "isolation", "transitions", "lifecycle/console-input"];
const SHARDS = 4;
const TIMEOUT_MS = 45 * 60_000;
jest.setTimeout(TIMEOUT_MS);

const avf = join(packageRoot, "src/cli/avf.cjs");
const jestProgram = createRequire(join(packageRoot, "package.json")).resolve("jest/bin/jest");
const names = [`lab-a-${process.pid}`, `lab-b-${process.pid}`] as const;

interface Shard {
  readonly index: number;
  readonly child: ChildProcess;
  /** Of its run. */
  readonly out: string;
  output(): string;
  readonly ended: Promise<number | null>;
}

const describeThere = NetworkHost.available() ? describe : describe.skip;

describeThere("four shards on two hosts, with two places", () => {
  let folder: string;
  let hosts: readonly [NetworkHost, NetworkHost];
  let lab: TestLab;
  const shards: Shard[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "avf-two-hosts-"));
    hosts = await NetworkHost.pair(["host-a", "host-b"]);
    const places = await Promise.all(
      hosts.map(async (host, at) => {
        const serial = host
          .run(process.execPath, avf, "device", "start", "--name", names[at] ?? "", "--cpus", "1")
          .trim();
        const port = Number(serial.split(":")[1]);
        await host.publish(port);
        const resources = { NetworkADBDevice: { host: host.address, port } };
        return [`place-${host.name}`, { tags: { kind: "emulated" }, resources }] as const;
      }),
    );
    lab = await TestLab.start(Object.fromEntries(places), { on: hosts[0] });
    const config = {
      ...{ rootDir: packageRoot, preset: "jest-avf", reporters: ["default"] },
      testMatch: SUITES.map((name) => `<rootDir>/suites/${name}.test.ts`),
      testEnvironmentOptions: { apks: ["fixtures/MicrodroidTestApp.apk"], leaseTimeoutMs: TIMEOUT_MS },
    };
    writeFileSync(join(folder, "jest.json"), JSON.stringify(config));
  });

  afterAll(async () => {
    for (const { child } of shards) child.kill("SIGKILL");
    for (const [at, host] of hosts.entries()) {
      host.run(process.execPath, avf, "device", "stop", names[at] ?? "");
      host.run("adb", "kill-server");
    }
    await lab?.stop();
    for (const host of hosts) await host.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Each host has a cache of its own, in which there is nothing yet. */
  function startShard(index: number, attempt: number): Shard {
    const host = hosts[index % 2 === 1 ? 0 : 1];
    const out = join(folder, `shard-${index}-${attempt}`);
    const argv = [jestProgram, "--config", join(folder, "jest.json"), "--runInBand", `--shard=${index}/${SHARDS}`];
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(CI|GITHUB_ACTIONS|FORCE_COLOR|JEST_.*|AVF_.*)$/.test(name),
    );
    const env = {
      ...Object.fromEntries(kept),
      ...{ NO_COLOR: "1", AVF_OUT: out, AVF_CACHE_DIR: join(folder, `cache-${host.name}`) },
      AVF_DEVICES: lab.address("match=tag:kind=emulated").href,
    };
    const child = host.start([process.execPath, ...argv], { cwd: packageRoot, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += String(chunk)));
    const ended = once(child, "exit").then(([exitCode]) => exitCode as number | null);
    const shard = { index, child, out, output: () => output, ended };
    shards.push(shard);
    return shard;
  }

  const startedTests = ({ out }: Shard): boolean =>
    readdirSync(out, { recursive: true, encoding: "utf8" }).some(
      (path) => /events-.*\.jsonl$/.test(path) && readFileSync(join(out, path), "utf8").includes('"kind":"test-start"'),
    );

  test("a client that SIGKILL ends gives its place to another; the merged report has each test once", async () => {
    const first = Array.from({ length: SHARDS }, (_each, at) => startShard(at + 1, 1));
    const holds = (shard: Shard): boolean => / of place /.test(shard.output()) && startedTests(shard);
    await waitFor("test", () => first.some(holds), 10 * 60_000);
    const victim = first.find(holds);
    if (victim === undefined) throw new Error("nobody runs a test");
    expect(victim.child.exitCode).toBeNull();
    victim.child.kill("SIGKILL");
    expect(await victim.ended).toBeNull();
    // As a CI does.
    const again = startShard(victim.index, 2);
    const whole = [...first.filter((shard) => shard !== victim), again];
    const codes = await Promise.all(whole.map(({ ended }) => ended));
    expect(codes.map((code, at) => ({ code, output: code === 0 ? "" : whole[at]?.output() }))).toEqual(
      codes.map(() => ({ code: 0, output: "" })),
    );
    expect(
      whole.some(({ output }) => /Waiting for a place: host-[ab]\/\S+ has place-host-[ab] since/.test(output())),
    ).toBe(true);

    const log = lab.log("labgrid-coordinator");
    const [, place = "", holder = ""] =
      new RegExp(`^(\\S+): place acquired by (\\S+\\.${victim.child.pid}\\.\\S+)$`, "m").exec(log) ?? [];
    const after = log.slice(log.indexOf(`${place}: place acquired by ${holder}`));
    const [, next = ""] =
      after.match(new RegExp(`^${place}: place released$[^]*?^${place}: place acquired by (\\S+)$`, "m")) ?? [];
    expect({ place, next }).toEqual({
      place: expect.stringMatching(/^place-host-/) as unknown,
      next: expect.stringMatching(/jest-avf/) as unknown,
    });
    expect(next).not.toBe(holder);
    for (const host of hosts) expect(await lab.holderOf(`place-${host.name}`)).toBe("None");
    expect((await lab.client("reservations")).trim()).toBe("");

    const merged = join(folder, "merged");
    const told = hosts[0].run(process.execPath, avf, "report", "merge", ...shards.map(({ out }) => out), "-o", merged);
    process.stdout.write(told);
    const junit = readFileSync(join(merged, "junit.xml"), "utf8");
    const found = [...junit.matchAll(/<testcase [^>]*? name="([^"]*)"/g)].map(([, name = ""]) => unescape(name)).sort();
    expect(found).toEqual(titles().sort());
    for (const host of hosts) expect(junit).toContain(host.name);
  });
});

function titles(): string[] {
  return SUITES.flatMap((name) => {
    const text = readFileSync(join(packageRoot, "suites", `${name}.test.ts`), "utf8");
    return [...text.matchAll(/^ *(?:guestT|t)est\(\s*"(.*?)",/gm)].map(([, title = ""]) => title);
  });
}

function unescape(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
