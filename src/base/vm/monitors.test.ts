import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../paths.js";
import { isMonitor, isMonitorProgram, listMonitors, MONITORS } from "./monitors.js";

test("monitors have display names, and programs with other names", () => {
  expect(["qemu", "crosvm", "xen", "", undefined, 1].filter(isMonitor)).toEqual(["qemu", "crosvm"]);
  expect(
    ["crosvm", "qemu-system-x86_64", "qemu-system-x86", "qemu-img", "crosvm2", "vm", "qemu"].filter(isMonitorProgram),
  ).toEqual(["crosvm", "qemu-system-x86_64", "qemu-system-x86"]);
  expect(listMonitors((name) => JSON.stringify(name))).toBe('"qemu" or "crosvm"');
});

const choice = MONITORS.join("\\|");
const list = listMonitors((name) => `\`${name}\``);

test.each([
  ["docs/crosvm.md", `| \`AVF_MONITOR=${choice}\` `],
  ["docs/crosvm.md", `| \`setprop debug.avf.vmm ${choice}\` `],
  ["docs/suites.md", `| \`vmm=…\` | ${list} |`],
  ["docs/errors.md", `\`AVF_MONITOR\` or the option \`monitor\` is not ${list} |`],
])("%s has the monitors that there are: %s", (path, text) => {
  expect(readFileSync(join(packageRoot, path), "utf8").replace(/ +/g, " ")).toContain(text);
});
