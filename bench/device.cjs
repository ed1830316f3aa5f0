"use strict";
// The emulated device until adb's shell answers: restored by us, restored by bare QEMU without our code, booted cold. And
// a VM on it until its payload's first line. Interleaved, medians, ratios.
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const dist = path.join(__dirname, "../dist");
const { ensureReady, startEmulatedDevice } = require(path.join(dist, "emulator/index.js"));
const { buildMachineArguments } = require(path.join(dist, "emulator/machine/arguments.js"));
const { findFreePort } = require(path.join(dist, "emulator/machine/port.js"));
const { openDevice, VirtualMachineConfig, VirtualMachineManager } = require(path.join(dist, "node.js"));

const RESTORES = 7;
const COLD_BOOTS = 3;
const VMS = 5;
const APK = path.join(__dirname, "../fixtures/MicrodroidTestApp.apk");

/** Rows of figures; each `ratio` says what it compares. */
async function measure() {
  const ready = await ensureReady();
  const restored = [];
  const bare = [];
  const cold = [];
  for (let round = 0; round < RESTORES; round += 1) {
    restored.push(await ours(false));
    bare.push(await bareRestore(ready));
    if (round < COLD_BOOTS) cold.push(await ours(true));
  }
  const vms = await freshVms();
  return [
    { name: "device ready: restored", unit: "ms", ...spread(restored) },
    { name: "device ready: bare QEMU restore", unit: "ms", ...spread(bare) },
    { name: "device ready: cold boot", unit: "ms", ...spread(cold) },
    { name: "VM: run to the payload's first line", unit: "ms", ...spread(vms) },
    { name: "restored / bare restore", ratio: median(restored) / median(bare), atMost: 1.5 },
    { name: "cold boot / restored", ratio: median(cold) / median(restored), atLeast: 10 },
  ];
}

/** Milliseconds until a shell of a device of ours has answered. */
async function ours(coldBoot) {
  const start = performance.now();
  const device = await startEmulatedDevice({ cold: coldBoot });
  adbEcho(device.serial);
  const took = performance.now() - start;
  await device.stop();
  return took;
}

/** The same state with nothing but QEMU, its control protocol and adb. */
async function bareRestore({ accelerator, imageFolder, snapshotFolder }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  const adbPort = await findFreePort();
  const start = performance.now();
  const [program, ...args] = buildMachineArguments({
    ...{ accelerator, imageFolder, adbPort, keepData: false, memoryShared: false, incoming: true },
    dataDisk: path.join(snapshotFolder, "data.img"),
    memoryFile: path.join(snapshotFolder, "memory"),
    serialLog: path.join(folder, "serial.log"),
  });
  const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
  const qemu = spawn(program, args, { cwd: snapshotFolder, stdio, env: { ...process.env, TMPDIR: folder } });
  const ended = new Promise((resolve) => qemu.once("exit", resolve));
  try {
    const qmp = qemu.stdio[3];
    const say = (execute, argument) => qmp.write(`${JSON.stringify({ execute, arguments: argument })}\n`);
    let loaded;
    const running = new Promise((resolve) => (loaded = resolve));
    qmp.on("data", (chunk) => /"status": "(paused|prelaunch)"/.test(chunk) && loaded());
    say("qmp_capabilities", {});
    say("migrate-set-capabilities", { capabilities: [{ capability: "x-ignore-shared", state: true }] });
    say("migrate-incoming", { uri: "exec:cat state" });
    const asking = setInterval(() => say("query-status", {}), 5);
    await running;
    clearInterval(asking);
    say("cont", {});
    const serial = `127.0.0.1:${adbPort}`;
    for (;;) {
      spawnSync("adb", ["connect", serial]);
      if (adbEcho(serial)) break;
      spawnSync("adb", ["disconnect", serial]);
    }
    const took = performance.now() - start;
    spawnSync("adb", ["disconnect", serial]);
    return took;
  } finally {
    qemu.kill("SIGKILL");
    await ended;
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function adbEcho(serial) {
  return (
    spawnSync("adb", ["-s", serial, "shell", "echo ready"], { encoding: "utf8", timeout: 5_000 }).stdout === "ready\n"
  );
}

/** One VM after another on one device. */
async function freshVms() {
  const device = await openDevice();
  try {
    const context = await device.installApk(APK);
    const config = new VirtualMachineConfig.Builder(context, "assets/vm_config.json").build();
    const vm = await VirtualMachineManager.getInstance(context).create("bench", config);
    const times = [];
    for (let round = 0; round < VMS; round += 1) {
      const start = performance.now();
      await vm.run();
      await vm.waitForConsole("Hello Microdroid", { timeoutMs: 120_000 });
      times.push(performance.now() - start);
      await vm.stop();
    }
    await vm.delete();
    return times;
  } finally {
    await device.close();
  }
}

function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: median(times), lowest: sorted[0], highest: sorted.at(-1), rounds: times.length };
}

function median(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

module.exports = { measure };
