import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { deviceOfPlace } from "./adb-resource.js";
import type { Place, Resource } from "./model.js";

const place: Place = { name: "shelf-1", aliases: [], tags: {}, acquiredResources: [] };
const resource = (cls: string, params: Record<string, string | number>, others: Partial<Resource> = {}): Resource => ({
  path: `exporter/shelf-1/${cls}/${cls}`,
  ...{ cls, params: new Map(Object.entries(params)), extra: new Map(), avail: true },
  ...others,
});
const saved = process.env["ADB_SERVER_SOCKET"];

beforeEach(() => void delete process.env["ADB_SERVER_SOCKET"]);
afterEach(() => {
  if (saved !== undefined) process.env["ADB_SERVER_SOCKET"] = saved;
});

test("a device in the network, among other things that belong to the place", () => {
  const serial = resource("NetworkSerialPort", { host: "lab", port: 7001 });
  const device = resource("NetworkADBDevice", { host: "lab-1", port: 5555 });
  expect(deviceOfPlace(place, [serial, device])).toEqual({ kind: "network", address: "lab-1:5555" });
});

test("a device on a cable of the exporter's host, when its adb server is the one used here", () => {
  const device = resource("RemoteUSBADBDevice", { host: "lab-1", port: 5037, serialno: "0A1B" });
  expect(() => deviceOfPlace(place, [device])).toThrow(
    /hangs on the adb server at lab-1:5037.*\nHint: set ADB_SERVER_SOCKET=tcp:lab-1:5037/,
  );
  process.env["ADB_SERVER_SOCKET"] = "tcp:lab-1:5037";
  expect(deviceOfPlace(place, [device])).toEqual({ kind: "listed", serial: "0A1B" });
});

test.each<[string, readonly Resource[], RegExp]>([
  ["nothing", [], /it has no resources; its exporter may be gone/],
  [
    "no device",
    [resource("NetworkService", { address: "lab" })],
    /it has exporter\/shelf-1\/NetworkService\/NetworkService/,
  ],
  ["no port", [resource("NetworkADBDevice", { host: "lab" })], /names no host and port/],
  ["an odd host", [resource("NetworkADBDevice", { host: "-s x", port: 1 })], /names no host and port/],
  ["no serial", [resource("RemoteUSBADBDevice", { host: "lab", port: 5037 })], /names no serial/],
  ["one that is away", [resource("NetworkADBDevice", { host: "lab", port: 1 }, { avail: false })], /is not available/],
  [
    "one behind SSH",
    [resource("NetworkADBDevice", { host: "lab", port: 1 }, { extra: new Map([["proxy_required", true] as const]) })],
    /wants an SSH proxy/,
  ],
])("a place with %s is named, and what is wrong with it", (_what, resources, reason) => {
  expect(() => deviceOfPlace(place, resources)).toThrow(reason);
  expect(() => deviceOfPlace(place, resources)).toThrow(/^Place shelf-1 has no device that adb can reach: /);
});
