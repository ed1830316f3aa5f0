import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { until } from "../../../base/testing/until.js";
import { FakeAdbServer } from "../../testing/fake-adb-server.js";
import { createAdbClient } from "./adbkit.js";
import { AdbConnection } from "./connection.js";
import type { AdbServer } from "./server.js";
import { trackDevice, type DeviceTracking } from "./tracking.js";

let fake: FakeAdbServer;
let server: AdbServer;
beforeEach(async () => {
  fake = await FakeAdbServer.start();
  const { host, port } = fake.address;
  server = { address: { host, port }, port, client: createAdbClient({ host, port }), command: ["adb"] };
});
afterEach(() => fake.stop());

const track = (serial: string): Promise<DeviceTracking> => trackDevice(server, serial, { timeoutMs: 5_000 });
const goneReason = async (tracking: DeviceTracking): Promise<Error> => {
  if (!tracking.gone.aborted) await once(tracking.gone, "abort");
  return tracking.gone.reason as Error;
};

test.each([
  [{}, "DEVICE_NOT_FOUND"],
  [{ other: "device" }, "DEVICE_NOT_FOUND"],
  [{ phone: "offline" }, "DEVICE_OFFLINE"],
  [{ phone: "unauthorized" }, "DEVICE_UNAUTHORIZED"],
  [{ phone: "recovery" }, "DEVICE_STATE"],
])("among %j, the device cannot be used: %s", async (devices, code) => {
  fake.setDevices(devices);
  await expect(track("phone")).rejects.toMatchObject({ code });
});

describe("a device that is there", () => {
  let tracking: DeviceTracking;
  beforeEach(async () => {
    fake.setDevices({ phone: "device", other: "device" });
    tracking = await track("phone");
  });
  afterEach(() => tracking.close());

  test("is not gone", () => {
    expect(tracking.gone.aborted).toBe(false);
  });

  test("is gone when the list lacks it", async () => {
    fake.setDevices({ other: "device" });
    expect(await goneReason(tracking)).toMatchObject({
      code: "DEVICE_GONE",
      message: expect.stringContaining("phone"),
    });
  });

  test.each(["offline", "unauthorized", "recovery"])("is gone when it becomes %s", async (state) => {
    fake.setDevices({ phone: state, other: "device" });
    expect(await goneReason(tracking)).toMatchObject({ code: "DEVICE_GONE", message: expect.stringContaining(state) });
  });

  test("is gone when the server ends", async () => {
    await fake.stop();
    expect(await goneReason(tracking)).toMatchObject({
      code: "DEVICE_GONE",
      message: expect.stringContaining("server"),
    });
    fake = await FakeAdbServer.start();
  });

  test("stays when others come and go", async () => {
    const onlooker = await track("other");
    fake.setDevices({ phone: "device", third: "device" });
    await goneReason(onlooker);
    expect(tracking.gone.aborted).toBe(false);
  });

  test("is not reported after the handle was closed, and the server is left alone", async () => {
    const onlooker = await track("other");
    tracking.close();
    fake.setDevices({});
    await goneReason(onlooker);
    expect(tracking.gone.aborted).toBe(false);
    onlooker.close();
    await until("the server to see both go", () => fake.trackerCount === 0);
  });

  test("is found gone by a call before the list shows it", async () => {
    const connection = new AdbConnection(server, "nobody", tracking);
    await expect(connection.assertStillThere()).rejects.toMatchObject({ code: "DEVICE_GONE" });
    expect(tracking.gone.aborted).toBe(true);
  });
});

test("a server that never lists anything ends the wait", async () => {
  const mute = {
    ...server,
    client: { ...server.client, trackDevices: () => new Promise<never>(() => undefined) },
  } as unknown as AdbServer;
  await expect(trackDevice(mute, "phone", { timeoutMs: 20 })).rejects.toMatchObject({ code: "TIMEOUT" });
});
