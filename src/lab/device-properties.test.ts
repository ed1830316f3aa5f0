import { expect, test } from "@jest/globals";
import { speedOf } from "./device-properties.js";

test.each([
  [{}, { slowness: 1, emulatesCpus: false }],
  [
    { "debug.avf.slowness": "2.5", "debug.avf.emulated_cpus": "1" },
    { slowness: 2.5, emulatesCpus: true },
  ],
  [
    { "debug.avf.slowness": "0.2", "debug.avf.emulated_cpus": "0" },
    { slowness: 1, emulatesCpus: false },
  ],
  [{ "debug.avf.slowness": "1e9" }, { slowness: 6, emulatesCpus: false }],
  [{ "debug.avf.slowness": "Infinity" }, { slowness: 1, emulatesCpus: false }],
  [
    { "debug.avf.slowness": "soon", "debug.avf.emulated_cpus": "yes" },
    { slowness: 1, emulatesCpus: false },
  ],
  [{ "debug.avf.slowness": "" }, { slowness: 1, emulatesCpus: false }],
])("a device with %j has %j", (properties, speed) => {
  expect(speedOf(new Map(Object.entries(properties)))).toEqual(speed);
});
