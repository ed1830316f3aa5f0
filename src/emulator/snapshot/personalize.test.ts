import { expect, test } from "@jest/globals";
import { personalize, type DeviceIdentity } from "./personalize.js";

const options = { vmm: undefined, adbKeys: Promise.resolve([]), restored: true, holdVms: false };
const identity: DeviceIdentity = {
  ...{ serialNumber: "avf-1", release: 15, vmTemplates: false },
  ...{ slowness: 1.625, accelerator: "tcg" },
};

test.each<[Partial<DeviceIdentity>, object]>([
  [{}, { "debug.avf.slowness": "1.63", "debug.avf.emulated_cpus": "1" }],
  [
    { slowness: 1, accelerator: "kvm" },
    { "debug.avf.slowness": "1.00", "debug.avf.emulated_cpus": "0" },
  ],
])("a device is given what is known of its host's speed: %j", async (change, properties) => {
  const asked: unknown[] = [];
  const control = {
    request: (request: object) => {
      asked.push(request);
      return Promise.resolve({});
    },
  };
  await personalize(control, { ...identity, ...change }, options, new AbortController().signal);
  expect(asked).toEqual([expect.objectContaining({ properties: expect.objectContaining(properties) as unknown })]);
});
