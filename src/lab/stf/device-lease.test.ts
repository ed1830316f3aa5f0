/** The life of a device of STF, against a server of ours that answers as STF does. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { until } from "../../base/testing/until.js";
import { parseStfAddress } from "./address.js";
import { leaseStfDevice, type LeaseOptions, type StfLease } from "./device-lease.js";
import { FakeStf } from "./testing/fake-stf.js";

const anna = { email: "anna@stf.example", name: "anna@stf.example" };
const KEY = "QUFBQQ==";
let stf: FakeStf;
let told: string[];
const leases: StfLease[] = [];

beforeEach(async () => {
  told = [];
  stf = await FakeStf.start(
    { A: { model: "Pixel 8", address: "127.0.0.1:7401" }, B: { model: "Pixel 9", sdk: "36" } },
    { secret: {}, root: { email: "root@stf.example", privilege: "admin" } },
  );
});
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.release()));
  await stf.stop();
});

async function lease(query = "?serial=A", options: Partial<LeaseOptions> = {}): Promise<StfLease> {
  const got = await leaseStfDevice(parseStfAddress(stf.address(query)), {
    ...{ token: "secret", timeoutMs: 20_000, pollMs: 10, renewMs: 20 },
    signal: new AbortController().signal,
    onWait: (message) => void told.push(message),
    adbKeys: async () => [KEY],
    ...options,
  });
  leases.push(got);
  return got;
}

async function refusal(query?: string, options?: Partial<LeaseOptions>): Promise<unknown> {
  return lease(query, options).then(
    () => "a device",
    (error: unknown) => error,
  );
}

const saying = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test("a device is taken, made reachable, kept, and given back", async () => {
  const got = await lease();
  const device = stf.device("A");
  expect(got).toMatchObject({ name: `A at 127.0.0.1:${stf.port}`, address: "127.0.0.1:7401" });
  expect(device).toMatchObject({ connected: true, owner: { email: "ci@stf.example" } });
  expect(device.timeoutMs).toBe(60_000);
  await until("the third renewal", () => device.renewals > 3);
  await got.release();
  await got.release();
  expect(device).toMatchObject({ connected: false, owner: null, endings: ["ungroup_request"] });
  expect(stf.headers.every(({ authorization }) => authorization === "Bearer secret")).toBe(true);
  expect(told).toEqual([]);
});

test("the requested device is taken, whatever else is free", async () => {
  await lease("?model=Pixel%209&sdk=36&group=Common");
  expect(stf.device("A").owner).toBeNull();
  expect(stf.device("B").owner).not.toBeNull();
});

test("STF gets the adb key of this host unless it has it; if it takes none, that is reported", async () => {
  await lease("?serial=A");
  expect(stf.keys).toEqual([saying(/^QUFBQQ== jest-avf@\S+$/)]);
  stf.account("secret").adbKeys.push({ title: "x", fingerprint: "09:8f:6b:cd:46:21:d3:73:ca:de:4e:83:26:27:b4:f6" });
  await lease("?serial=B", { adbKeys: async () => [Buffer.from("test").toString("base64")] });
  expect(stf.keys).toHaveLength(1);
  await leases[0]?.release();
  stf.fault = (request) =>
    request === "POST /user/adbPublicKeys" ? { status: 404, body: "<html>Not Found</html>" } : undefined;
  await lease("?serial=A");
  expect(told).toEqual([saying(/takes no adb keys from programs/)]);
});

describe("a waiting client", () => {
  test("sees once who has the device, without an e-mail address, and gets it when it is free", async () => {
    stf.device("A").join(anna, 600_000, null);
    const second = lease();
    await until("ten looks", () => stf.count("GET /devices") > 10);
    expect(told).toEqual([
      saying(/^Waiting for a device: anna has A \(Pixel 8\) since before \d\d:\d\d:\d\d \(.* ago\)$/),
    ]);
    stf.device("A").leave("ungroup_request");
    expect((await second).lost.aborted).toBe(false);
  });

  test.each([3_600_000, -3_600_000])("sees since when by this host's clock, with STF's off by %d ms", async (offMs) => {
    stf.clockOffMs = offMs;
    await lease();
    stf.device("A").usageChangedAt = new Date(Date.now() + offMs - 65_000);
    expect(await refusal("?serial=A", { timeoutMs: 1 })).toMatchObject({
      code: "DEVICE_BUSY",
      // The Date header is cut to the second.
      message: saying(
        /another run of our account \(ci\) has A \(Pixel 8\) since \d\d:\d\d:\d\d \((6[4-9]|[789]\d)\.\d s ago\)\./,
      ),
    });
  });

  test("sees STF's own message when it refuses a device that seems free", async () => {
    stf.fault = (request) =>
      request === "POST /user/devices"
        ? { status: 504, body: '{"description":"Device is not responding"}' }
        : undefined;
    const waits = lease();
    await until("word", () => told.length > 0);
    expect(told).toEqual(["Waiting for a device: STF does not give us A (Pixel 8): Device is not responding"]);
    stf.fault = () => undefined;
    await waits;
  });

  test("tolerates a server that is unreachable for a while, once it has answered", async () => {
    stf.device("A").join(anna, 600_000);
    const waits = lease();
    await until("word", () => told.length > 0);
    stf.fault = () => ({ status: 502, body: "<html>Bad Gateway</html>" });
    await until("word", () => told.length > 1);
    expect(told[1]).toMatch(
      /^Waiting for a device: STF at http:\/\/127\.0\.0\.1:\d+ cannot be reached: GET \/devices answered 502/,
    );
    stf.device("A").leave("ungroup_request");
    stf.fault = () => undefined;
    await waits;
  });

  test("stops with the signal, and has taken nothing", async () => {
    stf.device("A").join(anna, 600_000);
    const controller = new AbortController();
    const onWait = (): void => controller.abort(new Error("enough"));
    await expect(lease("?serial=A", { signal: controller.signal, onWait })).rejects.toThrow("enough");
    expect(stf.count("POST /user/devices")).toBe(0);
  });

  test("waits for one that is being made ready, but not for what is not plugged in, or not there", async () => {
    stf.device("A").ready = false;
    const waits = lease();
    await until("word", () => told.length > 0);
    expect(told).toEqual(["Waiting for a device: A (Pixel 8) is not ready"]);
    stf.device("A").ready = true;
    await waits;
    stf.device("B").unplug();
    expect(await refusal("?serial=B")).toMatchObject({
      code: "LAB_NO_DEVICE",
      message: saying(/has lost B \(Pixel 9\)/),
    });
    expect(await refusal("?serial=C&sdk=35")).toMatchObject({
      ...{ code: "LAB_NO_PLACE", hint: "it has A (Pixel 8), B (Pixel 9)" },
      message: saying(/does not have a device with serial C and sdk 35\./),
    });
  });
});

describe("a device is lost", () => {
  test.each([
    ["STF heard nothing of us", () => stf.device("A").leave("automatic_timeout"), /it was given back, or STF heard/],
    ["it is moved to a group of others", () => void stf.devices.delete("A"), /this account may no longer use it/],
    ["it is unplugged", () => stf.device("A").unplug(), /no longer plugged in/],
    [
      "somebody else has it",
      () => {
        stf.device("A").leave("automatic_timeout");
        stf.device("A").join(anna, 600_000, null);
      },
      /anna has it now/,
    ],
    [
      "another run of the same account has it",
      () => {
        stf.device("A").leave("automatic_timeout");
        stf.device("A").join({ email: "ci@stf.example", name: "ci" }, 600_000);
      },
      /another run of our account has it now/,
    ],
  ])("when %s; others' use of it is not ended", async (_name, happen, reason) => {
    const got = await lease();
    const lost = once(got.lost, "abort");
    const device = stf.device("A");
    happen();
    await lost;
    const { owner } = device;
    const endings = [...device.endings];
    expect(got.lost.reason).toMatchObject({ code: "LEASE_LOST", kind: "infrastructure", message: saying(reason) });
    await got.release();
    expect(device).toMatchObject({ owner, endings });
  });

  test("when another user has it; an administrator's token does not end other uses", async () => {
    const got = await lease("?serial=A", { token: "root" });
    const lost = once(got.lost, "abort");
    stf.device("A").leave("automatic_timeout");
    stf.device("A").join(anna, 600_000);
    await lost;
    await got.release();
    expect(stf.device("A")).toMatchObject({ connected: false, owner: { email: anna.email } });
  });
});

test("a server that is unreachable for a while does not end the lease", async () => {
  const got = await lease();
  const { port } = stf;
  await stf.stopServing();
  await until("word", () => told.length > 0);
  expect(told[0]).toMatch(/cannot be reached: .*ECONNREFUSED.*; going on with A at .*, and trying again/s);
  await stf.listen(port);
  await until("word", () => told.length > 1);
  expect(told[1]).toBe(`STF answers again; A at 127.0.0.1:${port} is ours`);
  expect(got.lost.aborted).toBe(false);
});

test("one that cannot be given back is reported, and does not fail the test file", async () => {
  const got = await lease();
  stf.fault = (request) => (request.startsWith("DELETE") ? { status: 504, body: "{}" } : undefined);
  await got.release();
  expect(told.at(-1)).toMatch(/could not be given back yet: .*DELETE \/user\/devices\/A answered 504/);
  expect(stf.device("A").owner).not.toBeNull();
});

test("a device that does not become reachable is given back", async () => {
  stf.fault = (request) =>
    request.endsWith("remoteConnect") ? { status: 504, body: '{"description":"Device is not responding"}' } : undefined;
  expect(await refusal()).toMatchObject({
    code: "LAB_NO_DEVICE",
    message: saying(/device A: Device is not responding\./),
  });
  expect(stf.device("A")).toMatchObject({ owner: null, endings: ["ungroup_request"] });
});

test("what STF has noted only a moment after its answer is waited for", async () => {
  const device = stf.device("A");
  stf.fault = (request) => {
    // The first looks of ours come too early.
    if (request === "POST /user/devices/A/remoteConnect" && device.renewals === 0) device.unnotedLooks = 3;
    return undefined;
  };
  const got = await lease();
  const looks = stf.count("GET /devices/A");
  expect(looks).toBeGreaterThan(3);
  await until("two renewals", () => device.renewals > 3);
  expect(got.lost.aborted).toBe(false);
});

describe("which use it is, noted late,", () => {
  async function leaseUnnoted(renewMs: number): Promise<StfLease> {
    stf.device("A").isUsageNoted = false;
    const got = await lease("?serial=A", { renewMs, notedWithinMs: 0 });
    stf.device("A").isUsageNoted = true;
    return got;
  }

  test("is ours: it is kept, and given back", async () => {
    const got = await leaseUnnoted(20);
    const { renewals } = stf.device("A");
    await until("two renewals", () => got.lost.aborted || stf.device("A").renewals > renewals + 2);
    expect(got.lost.reason).toBeUndefined();
    await got.release();
    expect(stf.device("A")).toMatchObject({ owner: null, endings: ["ungroup_request"] });
  });

  test("is ours without a renewal between", async () => {
    const got = await leaseUnnoted(600_000);
    await got.release();
    expect(stf.device("A")).toMatchObject({ owner: null, endings: ["ungroup_request"] });
  });

  test("is distinguished from that of another run from then on", async () => {
    const got = await leaseUnnoted(20);
    const { renewals } = stf.device("A");
    await until("two renewals", () => got.lost.aborted || stf.device("A").renewals > renewals + 2);
    stf.device("A").leave("automatic_timeout");
    stf.device("A").join({ email: "ci@stf.example", name: "ci" }, 600_000);
    await until("the loss", () => got.lost.aborted);
    expect(got.lost.reason).toMatchObject({ message: saying(/another run of our account has it now/) });
    await got.release();
    expect(stf.device("A").endings).toEqual(["automatic_timeout"]);
  });
});

test("a device that another user gets before the lease is confirmed is left to them", async () => {
  const device = stf.device("A");
  stf.fault = (request) => {
    if (request !== "GET /devices/A") return undefined;
    device.leave("automatic_timeout");
    device.join(anna, 600_000);
    return undefined;
  };
  expect(await refusal("?serial=A", { token: "root" })).toMatchObject({
    ...{ code: "LEASE_LOST", message: saying(/anna has it now/) },
  });
  expect(device.endings).not.toContain("ungroup_request");
});
