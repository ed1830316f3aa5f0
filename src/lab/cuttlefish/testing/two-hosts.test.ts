/**
 * Two hosts, a host orchestrator with two devices on one of them, four shards of suites/ over these. Takes some ten minutes of
 * two processors.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FOUR_SHARDS_TIMEOUT_MS, FourShards, titlesOfSuites } from "../../testing/four-shards.js";
import { NetworkHost } from "../../testing/network-host.js";
import { TestOrchestrator, whyNoOrchestrator } from "./test-orchestrator.js";

jest.setTimeout(FOUR_SHARDS_TIMEOUT_MS);

const reason = NetworkHost.available() ? whyNoOrchestrator() : "it takes root, and namespaces";
const describeThere = reason === undefined ? describe : describe.skip;

describeThere(`four shards on two hosts${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let hosts: readonly [NetworkHost, NetworkHost];
  let orchestrator: TestOrchestrator;
  let shards: FourShards | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "avf-two-hosts-"));
    hosts = await NetworkHost.pair(["host-a", "host-b"]);
    orchestrator = await TestOrchestrator.start(hosts[0]);
    const environment = JSON.parse(readFileSync(orchestrator.writeConfig(), "utf8")) as object;
    const instances = [{ name: "one" }, { name: "two" }];
    const config = { ...environment, common: { group_name: "shelf" }, instances };
    await orchestrator.operate("POST", "cvds", { env_config: config });
    for (const port of await orchestrator.adbPorts()) await hosts[0].publish(port);
  });

  afterAll(async () => {
    shards?.kill();
    await orchestrator?.stop();
    for (const host of hosts) {
      host.run("adb", "kill-server");
      await host.stop();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test("a client that SIGKILL ends gives its device to another; the merged report has each test once", async () => {
    shards = new FourShards(folder, hosts, orchestrator.address("group=shelf"));
    const device = /device (\S+), shelf\/(?:one|two) of /;
    const { victim, whole } = await shards.run((output) => device.test(output));
    const codes = await Promise.all(whole.map(({ ended }) => ended));
    expect(codes.map((code, at) => ({ code, output: code === 0 ? "" : whole[at]?.output() }))).toEqual(
      codes.map(() => ({ code: 0, output: "" })),
    );
    expect(whole.some(({ output }) => /in use by .* since \d\d:\d\d:\d\d/.test(output()))).toBe(true);
    const [, serial = "none"] = device.exec(victim.output()) ?? [];
    const onIt = whole.filter(({ output }) => output().includes(`device ${serial}, shelf/`));
    expect(onIt.length).toBeGreaterThan(0);
    expect(await orchestrator.devices()).toEqual(["shelf/one Running", "shelf/two Running"]);

    const { titles, junit } = shards.merge();
    expect(titles).toEqual(titlesOfSuites());
    for (const host of hosts) expect(junit).toContain(host.name);
  });
});
