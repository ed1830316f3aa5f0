"use strict";
// An emulated device for a part of the bench, with root on it and a VM of the fixture's app.
const { execFileSync, spawnSync } = require("node:child_process");
const { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.join(__dirname, "..");
const { openDevice, VirtualMachineConfig, VirtualMachineManager } = require(path.join(root, "dist/node.js"));
const APK = path.join(root, "fixtures/MicrodroidTestApp.apk");
const FIRST_LINE = "Hello Microdroid";
/** Above every limit that a command on the device keeps itself. */
const ADB_TIMEOUT_MS = 240_000;
/** Ticks of /proc; 100 per second on every Linux used here. */
const TICK_MS = 10;
const BOOT_LIMIT = { timeoutMs: 180_000 };

/**
 * Opens a device, hands it to `use` with helpers, closes it. Its VMs are on QEMU unless `use` asks for another.
 * @param apk its bytes; without them, the fixture's
 */
async function onDevice(use, { apk, config: configPath = "assets/vm_config.json" } = {}) {
  const device = await openDevice({ monitor: "qemu" });
  try {
    const context = await withFile(apk, (path) => device.installApk(path));
    const builder = new VirtualMachineConfig.Builder(context, configPath);
    const adb = (...args) =>
      execFileSync("adb", ["-s", device.serial, ...args], { encoding: "utf8", timeout: ADB_TIMEOUT_MS });
    return await use({
      device,
      manager: VirtualMachineManager.getInstance(context),
      builder,
      config: builder.build(),
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

/**
 * Processor time in ms that the emulators below this process have used so far. On a busy host without KVM it says more
 * about a boot than the clock does.
 */
function machineTime() {
  const all = readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) ? (statOf(pid) ?? []) : []));
  const isOurs = ({ pid, parent }) => {
    const above = all.find((one) => one.pid === parent);
    return pid !== process.pid && (parent === process.pid || (above !== undefined && isOurs(above)));
  };
  const ours = all.filter((one) => one.name.startsWith("qemu-system") && isOurs(one));
  return ours.reduce((sum, { ticks }) => sum + ticks * TICK_MS, 0);
}

function statOf(pid) {
  try {
    const [head, tail] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) (?=\S )/);
    const fields = tail.split(" ");
    const name = readFileSync(`/proc/${pid}/cmdline`, "utf8").match(/qemu-system[^\0/]*/)?.[0] ?? head;
    return { pid: Number(pid), name, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** Compiles a C program of `bench/tools` for the device, passes its path to `use`, removes it. */
async function withTool(name, use) {
  return withFile(compile(name, ["-static"]), use);
}

/** Bytes of a payload of `bench/tools`. */
function compilePayload(name) {
  return compile(name, ["-fPIC", "-shared", `-Wl,-soname,${name}.so`]);
}

function compile(name, flags) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    const program = path.join(folder, name);
    const all = ["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-Os", "-s", ...flags, "-o", program];
    const made = spawnSync("gcc", [...all, path.join(__dirname, "tools", `${name}.c`)], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`gcc: ${made.stderr ?? made.error}`);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lends `bytes` as a file; without bytes, the fixture's APK. */
async function withFile(bytes, use) {
  if (bytes === undefined) return use(APK);
  const folder = mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    const file = path.join(folder, "bench.apk");
    writeFileSync(file, bytes, { mode: 0o755 });
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

module.exports = {
  quote,
  onDevice,
  bootOnce,
  machineTime,
  compilePayload,
  withTool,
  root,
  APK,
  FIRST_LINE,
  BOOT_LIMIT,
};
