import { afterEach, expect, test } from "@jest/globals";
import { labAddress } from "./lab-address.js";
import { labDevices } from "./lab-devices.js";

const options = { runId: "test", timeoutMs: 1, match: [], onWait: () => undefined };
const saved = process.env["AVF_DEVICES"];
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_DEVICES"];
  else process.env["AVF_DEVICES"] = saved;
});

test("AVF_DEVICES takes precedence over the option; an empty one is ignored", () => {
  process.env["AVF_DEVICES"] = " labgrid://a/?place=b ";
  expect(labAddress("labgrid://c/?place=d")).toBe("labgrid://a/?place=b");
  process.env["AVF_DEVICES"] = "";
  expect(labAddress("labgrid://c/?place=d")).toBeUndefined();
  delete process.env["AVF_DEVICES"];
  expect(labAddress("labgrid://c/?place=d")).toBe("labgrid://c/?place=d");
  expect(labAddress()).toBeUndefined();
});

test("devices of a lab are given back after each file", () => {
  expect(labDevices("labgrid://lab/?place=a", options).keepBetweenFiles).toBe(false);
  expect(labDevices("LABGRID://lab/?place=a", options).keepBetweenFiles).toBe(false);
});

test.each([
  ["lab-1", /is not KIND:\/\/HOST:PORT/],
  ["stv://user:secret@lab/", /There is no source of devices for stv:\/\//],
  ["constructor://lab/", /There is no source of devices for constructor:\/\//],
  ["labgrid://a b:secret/", /is no URL/],
])("%s is refused with the kinds that there are", (address, reason) => {
  expect(() => labDevices(address, options)).toThrow(reason);
  expect(() => labDevices(address, options)).toThrow(/Hint: kinds of labs: cuttlefish:\/\/…, labgrid:\/\/…/);
  expect(() => labDevices(address, options)).not.toThrow(/secret/);
});
