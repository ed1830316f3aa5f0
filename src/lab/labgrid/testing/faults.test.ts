/** What goes wrong in a lab, with labgrid's own coordinator: the table of docs/lab.md. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { sleep } from "../../../base/deadline.js";
import { parseLabgridAddress } from "../address.js";
import { labgridDevices } from "../labgrid-devices.js";
import { leasePlace, type PlaceLease } from "../place-lease.js";
import { holdPlace } from "./hold-place.js";
import { TestLab, waitFor } from "./test-lab.js";

jest.setTimeout(240_000);

const OUTAGE_MS = 30_000;
const HOUR = 3_600;
const adb = { NetworkADBDevice: { host: "127.0.0.1", port: 5999 } };

let lab: TestLab | undefined;
let told: string[];
const leases: PlaceLease[] = [];
beforeEach(() => void (told = []));
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.release()));
  await lab?.stop();
});

const onWait = (text: string): void => void told.push(text);

async function lease(from: TestLab, query: string, timeoutMs = 120_000): Promise<PlaceLease> {
  const signal = new AbortController().signal;
  const got = await leasePlace(parseLabgridAddress(from.address(query)), { timeoutMs, signal, onWait });
  leases.push(got);
  return got;
}

describe("a coordinator that is gone for 30 s", () => {
  test("and comes back as it was leaves the place to who had it", async () => {
    lab = await TestLab.start({ "shelf-1": { resources: adb } });
    const got = await lease(lab, "place=shelf-1");
    lab.signalCoordinator("SIGSTOP");
    await waitFor("word", () => told.some((text) => text.includes("cannot be reached")), 60_000);
    await sleep(OUTAGE_MS);
    lab.signalCoordinator("SIGCONT");
    await waitFor("word", () => told.some((text) => text.includes("ours again")), 90_000);
    expect(got.lost.aborted).toBe(false);
    expect(await lab.holderOf("shelf-1")).toBe(got.holder);
  });

  test("and was restarted, and so has forgotten all leases, gets them again", async () => {
    lab = await TestLab.start({ "shelf-1": { resources: adb } });
    const got = await lease(lab, "place=shelf-1");
    await lab.stopExporters();
    await lab.killCoordinator();
    await sleep(OUTAGE_MS);
    await lab.startCoordinator();
    await lab.startExporter();
    await waitFor("word", () => told.some((text) => text.includes("ours again")), 60_000);
    expect(got.lost.aborted).toBe(false);
    expect(await lab.holderOf("shelf-1")).toBe(got.holder);
    await got.release();
    expect(await lab.holderOf("shelf-1")).toBe("None");
  });

  test("and was started again, and gave the place to somebody else, means that it is lost", async () => {
    lab = await TestLab.start({ "shelf-1": { resources: adb } });
    const { child, output } = await holdPlace(lab.address("place=shelf-1"));
    // It is to learn of nothing until the other has the place.
    child.kill("SIGSTOP");
    await lab.killCoordinator();
    await lab.startCoordinator();
    await lab.client("-p", "shelf-1", "acquire", "--allow-unmatched");
    child.kill("SIGCONT");
    await waitFor("word", () => output().includes("no longer ours"));
    expect(output()).toMatch(/The place shelf-1 is no longer ours: \S+ has it now\./);
    const other = await lab.holderOf("shelf-1");
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(await lab.holderOf("shelf-1")).toBe(other);
  });
});

test("a coordinator that is not there is named, and soon", async () => {
  const address = parseLabgridAddress(new URL("labgrid://127.0.0.1:1/?place=a"));
  const options = { timeoutMs: 60_000, signal: new AbortController().signal, onWait };
  await expect(leasePlace(address, options)).rejects.toMatchObject({
    code: "LAB_COORDINATOR",
    message: expect.stringMatching(/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/s) as unknown,
  });
});

describe("a place is given back at once when", () => {
  async function refusal(resources: Record<string, object>, exporterOptions: readonly string[] = []): Promise<unknown> {
    lab = await TestLab.start({ "shelf-1": { resources } }, { exporterOptions });
    const source = labgridDevices(lab.address("place=shelf-1"), {
      runId: "test",
      timeoutMs: 30_000,
      match: [],
      onWait,
    });
    const error = await source.acquire(new AbortController().signal).catch((reason: unknown) => reason);
    expect(await lab.holderOf("shelf-1")).toBe("None");
    return error;
  }

  test("it has no device", async () => {
    expect(await refusal({ NetworkService: { address: "127.0.0.1", username: "root" } })).toMatchObject({
      code: "LAB_NO_DEVICE",
      message: expect.stringContaining("it has exporter/shelf-1/NetworkService/NetworkService") as unknown,
    });
  });

  test("its exporter wants a proxy", async () => {
    expect(await refusal(adb, ["--isolated"])).toMatchObject({ code: "LAB_NO_DEVICE" });
  });

  test("its adb address does not answer", async () => {
    const callers = new Set<Socket>();
    const silent = createServer((caller) => void callers.add(caller)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const error = await refusal({ NetworkADBDevice: { host: "127.0.0.1", port } });
    silent.close();
    for (const caller of callers) caller.destroy();
    expect(error).toMatchObject({
      code: "ADB_CONNECT",
      message: expect.stringContaining(
        `Place shelf-1: Timed out after 30.0 s waiting for the device at 127.0.0.1:${port}`,
      ) as unknown,
    });
  });
});

test.each([HOUR, -HOUR])(
  "a coordinator whose clock is off by %d s tells how long ago by ours",
  async (clockOffSeconds) => {
    lab = await TestLab.start({ "shelf-1": { resources: adb } }, { clockOffSeconds });
    const first = await lease(lab, "place=shelf-1");
    const second = lease(lab, "place=shelf-1");
    await waitFor("word", () => told.length > 0);
    expect(told[0]).toMatch(/has shelf-1 since \d\d:\d\d:\d\d \(\d+(\.\d)? m?s ago\)$/);
    await first.release();
    expect((await second).lost.aborted).toBe(false);
  },
);
