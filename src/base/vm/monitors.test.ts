import { expect, test } from "@jest/globals";
import { isMonitor, isMonitorProgram, listMonitors } from "./monitors.js";

test("monitors have display names, and programs with other names", () => {
  expect(["qemu", "crosvm", "xen", "", undefined, 1].filter(isMonitor)).toEqual(["qemu", "crosvm"]);
  expect(
    ["crosvm", "qemu-system-x86_64", "qemu-system-x86", "qemu-img", "crosvm2", "vm", "qemu"].filter(isMonitorProgram),
  ).toEqual(["crosvm", "qemu-system-x86_64", "qemu-system-x86"]);
  expect(listMonitors((name) => JSON.stringify(name))).toBe('"qemu" or "crosvm"');
});
