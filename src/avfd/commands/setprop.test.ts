import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { deviceInFolder, type DeviceInFolder } from "../testing/device-in-folder.js";

let host: DeviceInFolder;
beforeEach(async () => {
  host = await deviceInFolder();
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

test("what is set is what getprop prints", async () => {
  expect((await host.run("setprop", "debug.example", "a b")).exitCode).toBe(0);
  expect((await host.run("getprop", "debug.example")).stdout).toBe("a b\n");
});

test("templates that are switched off leave nothing prepared; switched on, or off already, nothing happens", async () => {
  const drops = async (value: string): Promise<number> => {
    const before = host.vmm.drops;
    expect((await host.run("setprop", "debug.avf.vm_templates", value)).exitCode).toBe(0);
    return host.vmm.drops - before;
  };
  expect(await drops("1")).toBe(0);
  expect(await drops("0")).toBe(1);
  expect(await drops("0")).toBe(0);
});
