/**
 * What we ask of STF, and what the fake answers in its place, against STF's own Swagger, by Prism: `npm run test:lab`. The
 * whole life of a device goes through it.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import { until } from "../../../base/testing/until.js";
import { requestJson } from "../../http/json-request.js";
import { parseStfAddress } from "../address.js";
import { leaseStfDevice, type StfLease } from "../device-lease.js";
import { StfServer } from "../api/server.js";
import { FakeStf } from "./fake-stf.js";
import { Prism } from "./prism.js";

jest.setTimeout(120_000);

const owner = { email: "anna@stf.example", name: "Anna" };
let stf: FakeStf;
let checked: Prism;
const leases: StfLease[] = [];

beforeAll(async () => {
  stf = await FakeStf.start({ A: { address: "127.0.0.1:7401" }, B: {} });
  checked = await Prism.proxy(new URL(`http://127.0.0.1:${stf.port}`));
});
afterAll(async () => {
  await checked.stop();
  await stf.stop();
});
beforeEach(() => void (stf.requests.length = 0));
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.release()));
  for (const device of stf.devices.values()) device.leave("ungroup_request");
  stf.fault = () => undefined;
});

async function lease(query: string, told: string[] = []): Promise<StfLease> {
  const got = await leaseStfDevice(parseStfAddress(new URL(`stf+http://127.0.0.1:${checked.port}/${query}`)), {
    ...{ token: "secret", timeoutMs: 60_000, pollMs: 50, renewMs: 50, signal: new AbortController().signal },
    adbKeys: async () => ["QUFBQQ=="],
    onWait: (message) => void told.push(message),
  });
  leases.push(got);
  return got;
}

test("the life of a device is as STF's Swagger has it", async () => {
  stf.device("A").join(owner, 600_000, null);
  const told: string[] = [];
  const waits = lease("?serial=A&group=Common", told);
  await until("word", () => told.length > 0);
  expect(told).toEqual([expect.stringMatching(/^Waiting for a device: Anna has A/)]);
  stf.device("A").leave("ungroup_request");
  const got = await waits;
  expect(got.address).toBe("127.0.0.1:7401");
  await until("the third renewal", () => stf.device("A").renewals > 3);
  await got.release();
  expect(stf.device("A").endings.at(-1)).toBe("ungroup_request");
  const kinds = new Set(stf.requests);
  for (const request of [
    ...["GET /user", "POST /user/adbPublicKeys", "GET /devices", "POST /user/devices", "GET /devices/A"],
    ...["POST /user/devices/A/remoteConnect", "DELETE /user/devices/A/remoteConnect", "DELETE /user/devices/A"],
  ]) {
    expect(kinds).toContain(request);
  }
  expect(kinds.size).toBe(8);
  expect(told).toHaveLength(1);
});

test("so are its refusals, and a lease that is lost", async () => {
  const got = await lease("?serial=A");
  stf.device("A").unplug();
  await until("the loss", () => got.lost.aborted);
  expect(got.lost.reason).toMatchObject({ code: "LEASE_LOST" });
  stf.device("A").present = true;
  const server = new StfServer(new URL(`http://127.0.0.1:${checked.port}`), "secret");
  stf.device("B").join(owner, 600_000);
  expect(await server.take("B", 60_000)).toBe("Device is being used or not available");
  // Here, and to GET /user, STF's controllers answer otherwise than its Swagger says: with a description, without a message.
  await expect(server.device("C")).rejects.toThrow(/GET \/devices\/C answered 500/);
  const stranger = new StfServer(new URL(`http://127.0.0.1:${checked.port}`), "other");
  await expect(stranger.devices()).rejects.toMatchObject({ code: "LAB_CREDENTIALS" });
});

test("Prism finds what is not: in a request, and in an answer", async () => {
  const url = new URL(`http://127.0.0.1:${checked.port}/api/v1/user/devices`);
  const headers = { authorization: "Bearer secret" };
  const wrong = await requestJson({ url, method: "POST", headers, body: { serial: 3 }, timeoutMs: 30_000 });
  expect(wrong.status).toBe(422);
  stf.fault = () => ({ status: 200, body: '{"success":true,"devices":[]}' });
  const server = new StfServer(new URL(`http://127.0.0.1:${checked.port}`), "secret");
  await expect(server.devices()).rejects.toThrow(/GET \/devices answered 500/);
});

test("an STF that Prism makes up from the Swagger takes each request", async () => {
  const mock = await Prism.mock();
  try {
    const server = new StfServer(new URL(`http://127.0.0.1:${mock.port}`), "secret");
    expect(await server.take("A", 60_000)).toBeUndefined();
    expect(await server.addAdbKey("QUFBQQ== a@b", "a@b")).toBe(true);
    expect(await server.devices()).toEqual([]);
    await server.disconnect("A");
    await server.giveBack("A");
    expect(await server.connect("A")).toBe("string");
    // {} is no user.
    await expect(server.user()).rejects.toMatchObject({ code: "LAB_ANSWER" });
  } finally {
    await mock.stop();
  }
});
