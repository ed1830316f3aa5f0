"use strict";
// The emulated device until adb's shell answers: restored by jest-avf, restored by bare QEMU without its code, cold boot.
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { interleave, ratio, row } = require("../statistics.cjs");

const dist = path.join(__dirname, "../../dist");
const { ensureReady, startEmulatedDevice } = require(path.join(dist, "emulator/index.js"));
const { buildMachineArguments } = require(path.join(dist, "emulator/machine/arguments.js"));
const { emulatorCommand } = require(path.join(dist, "emulator/qemu/emulator.js"));
const { findFreePort } = require(path.join(dist, "emulator/machine/port.js"));

const RESTORES = 7;
const COLD_BOOTS = 3;

async function measure({ progress }) {
  const ready = await ensureReady();
  const { restored, bare } = await interleave(
    { restored: () => ours(false), bare: () => bareRestore(ready) },
    { rounds: RESTORES, warmUps: 1, progress },
  );
  const { cold } = await interleave({ cold: () => ours(true) }, { rounds: COLD_BOOTS, progress });
  return [
    row("restored by us", "ms", restored),
    row("restored by bare QEMU", "ms", bare),
    row("booted cold", "ms", cold),
    ratio("restored by us / by bare QEMU", restored, bare, { atMost: 1.5 }),
    ratio("booted cold / restored", cold, restored, { atLeast: 10 }),
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
async function bareRestore({ accelerator, cpus, imageFolder, snapshotFolder }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  const adbPort = await findFreePort();
  const start = performance.now();
  const [program, ...args] = buildMachineArguments({
    emulator: emulatorCommand(imageFolder),
    ...{ accelerator, cpus, imageFolder, adbPort, keepData: false, memoryShared: false, incoming: true },
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
    qmp.on("data", (chunk) => /"status": "(paused|prelaunch|running)"/.test(chunk) && loaded());
    say("qmp_capabilities", {});
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

module.exports = { measure };
