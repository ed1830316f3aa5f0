import { afterAll, expect, jest, test } from "@jest/globals";
import { createServer } from "node:net";
import { NetworkHost } from "../../testing/network-host.js";
import { TestLab } from "./test-lab.js";

jest.setTimeout(120_000);
const testThere = NetworkHost.available() ? test : test.skip;
const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

testThere("two hosts have names, loopbacks of their own, and reach what the other publishes", async () => {
  const hosts = await NetworkHost.pair(["host-a", "host-b"]);
  for (const host of hosts) ends.push(() => host.stop());
  const [a, b] = hosts;
  expect(hosts.map((host) => host.run("hostname").trim())).toEqual(["host-a", "host-b"]);
  const port = 4711;
  const listen = `require("node:net").createServer((s) => s.end("hello")).listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const server = a.start([process.execPath, "-e", listen]);
  await new Promise((resolve) => server.stdout?.once("data", resolve));
  const ask = (address: string): string =>
    `require("node:net").connect(${port}, "${address}").on("error", (e) => console.log(e.code)).on("data", (d) => console.log(String(d)))`;
  expect(b.run(process.execPath, "-e", ask("127.0.0.1")).trim()).toBe("ECONNREFUSED");
  expect(b.run(process.execPath, "-e", ask(a.address)).trim()).toBe("ECONNREFUSED");
  await a.publish(port);
  expect(b.run(process.execPath, "-e", ask(a.address)).trim()).toBe("hello");
  const free = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => free.once("listening", resolve));
  free.close();

  const lab = await TestLab.start(
    { "shelf-1": { resources: { NetworkADBDevice: { host: a.address, port } } } },
    { on: a },
  );
  ends.push(() => lab.stop());
  expect(await lab.holderOf("shelf-1")).toBe("None");
});
