"use strict";
// A device of ours for a part of the bench, with root on it and a VM of the fixture's app.
const { execFileSync, spawnSync } = require("node:child_process");
const { mkdtempSync, rmSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.join(__dirname, "..");
const { openDevice, VirtualMachineConfig, VirtualMachineManager } = require(path.join(root, "dist/node.js"));
const APK = path.join(root, "fixtures/MicrodroidTestApp.apk");
const FIRST_LINE = "Hello Microdroid";
/** Above every limit that a command on the device keeps itself. */
const ADB_TIMEOUT_MS = 240_000;
const BOOT_LIMIT = { timeoutMs: 180_000 };

/** Opens a device, hands it to `use` with helpers, closes it. */
async function onDevice(use) {
  const device = await openDevice();
  try {
    const context = await device.installApk(APK);
    const adb = (...args) =>
      execFileSync("adb", ["-s", device.serial, ...args], { encoding: "utf8", timeout: ADB_TIMEOUT_MS });
    return await use({
      device,
      manager: VirtualMachineManager.getInstance(context),
      config: new VirtualMachineConfig.Builder(context, "assets/vm_config.json").build(),
      context,
      adb,
      /** A command of root's, as arguments without a quote in them. */
      su: (...argv) => adb("shell", ["/system/xbin/su", "0", ...argv.map(quote)].join(" ")),
    });
  } finally {
    await device.close();
  }
}

/** Milliseconds from `run()` to the payload's first line. */
async function bootOnce(vm, text = FIRST_LINE) {
  const start = performance.now();
  await vm.run();
  await vm.waitForConsole(text, BOOT_LIMIT);
  return performance.now() - start;
}

/** Compiles a C program of `bench/tools` for the device, hands its path to `use`, removes it. */
async function withTool(name, use) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    const program = path.join(folder, name);
    const flags = ["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-Os", "-static", "-s"];
    const made = spawnSync("gcc", [...flags, "-o", program, path.join(__dirname, "tools", `${name}.c`)], {
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`gcc: ${made.stderr ?? made.error}`);
    return await use(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

module.exports = { onDevice, bootOnce, withTool, quote, root, APK, FIRST_LINE, BOOT_LIMIT };
