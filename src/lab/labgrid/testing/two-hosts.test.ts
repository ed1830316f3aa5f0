/**
 * Two hosts, a labgrid coordinator, two places that are emulated devices, four shards of suites/ over them. Takes some ten
 * minutes of two processors.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { avfProgram, FOUR_SHARDS_TIMEOUT_MS, FourShards, titlesOfSuites } from "../../testing/four-shards.js";
import { NetworkHost } from "../../testing/network-host.js";
import { stopWithUs } from "../../../../suites/runs/stop-with-us.js";
import { TestLab } from "./test-lab.js";

jest.setTimeout(FOUR_SHARDS_TIMEOUT_MS);

const names = [`lab-a-${process.pid}`, `lab-b-${process.pid}`] as const;
const describeThere = NetworkHost.available() ? describe : describe.skip;

describeThere("four shards on two hosts, with two places", () => {
  let folder: string;
  let hosts: readonly [NetworkHost, NetworkHost];
  let lab: TestLab;
  let shards: FourShards | undefined;
  let stopDevices: () => Promise<void>;

  beforeAll(async () => {
    stopDevices = stopWithUs(names);
    folder = mkdtempSync(join(tmpdir(), "avf-two-hosts-"));
    hosts = await NetworkHost.pair(["host-a", "host-b"]);
    const places = await Promise.all(
      hosts.map(async (host, at) => {
        const serial = host
          .run(process.execPath, avfProgram, "device", "start", "--name", names[at] ?? "", "--cpus", "1")
          .trim();
        const port = Number(serial.split(":")[1]);
        await host.publish(port);
        const resources = { NetworkADBDevice: { host: host.address, port } };
        return [`place-${host.name}`, { tags: { kind: "emulated" }, resources }] as const;
      }),
    );
    lab = await TestLab.start(Object.fromEntries(places), { on: hosts[0] });
  });

  afterAll(async () => {
    shards?.kill();
    await stopDevices();
    for (const host of hosts) host.run("adb", "kill-server");
    await lab?.stop();
    for (const host of hosts) await host.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a client that SIGKILL ends gives its place to another; the merged report has each test once", async () => {
    shards = new FourShards(folder, hosts, lab.address("match=tag:kind=emulated"));
    const { victim, whole } = await shards.run((output) => / of place /.test(output));
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

    const { titles, junit } = shards.merge();
    expect(titles).toEqual(titlesOfSuites());
    for (const host of hosts) expect(junit).toContain(host.name);
  });
});
