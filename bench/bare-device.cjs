"use strict";
// The emulated device restored with nothing but QEMU, its control protocol and adb: none of jest-avf's code runs meanwhile.
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const dist = path.join(__dirname, "../dist");
const { buildMachineArguments } = require(path.join(dist, "emulator/machine/arguments.js"));
const { emulatorCommand } = require(path.join(dist, "emulator/qemu/emulator.js"));
const { diesWithUs } = require(path.join(dist, "process/die-with-us.js"));
const { findFreePort } = require(path.join(dist, "emulator/machine/port.js"));

/**
 * Hands the device to `use` with the milliseconds until its shell answered, and ends it.
 * @param ready what `ensureReady` says: image, snapshot, accelerator
 * @returns what `use` returns
 */
async function onBareDevice({ accelerator, cpus, imageFolder, snapshotFolder }, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  const adbPort = await findFreePort();
  const start = performance.now();
  const [program, ...args] = buildMachineArguments({
    emulator: [...diesWithUs(), ...emulatorCommand(imageFolder)],
    ...{ accelerator, cpus, imageFolder, adbPort, keepData: false, memoryShared: false, incoming: true },
    dataDisk: path.join(snapshotFolder, "data.img"),
    memoryFile: path.join(snapshotFolder, "memory"),
    serialLog: path.join(folder, "serial.log"),
  });
  const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
  const qemu = spawn(program, args, { cwd: snapshotFolder, stdio, env: { ...process.env, TMPDIR: folder } });
  const ended = new Promise((resolve) => qemu.once("exit", resolve));
  const serial = `127.0.0.1:${adbPort}`;
  try {
    await goOn(qemu.stdio[3]);
    for (;;) {
      spawnSync("adb", ["connect", serial]);
      if (adbEcho(serial)) break;
      spawnSync("adb", ["disconnect", serial]);
    }
    return await use({ serial, upMs: performance.now() - start });
  } finally {
    spawnSync("adb", ["disconnect", serial]);
    qemu.kill("SIGKILL");
    await ended;
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function goOn(qmp) {
  const say = (execute, argument) => qmp.write(`${JSON.stringify({ execute, arguments: argument })}\n`);
  const running = new Promise((resolve, reject) => {
    qmp.on("data", (chunk) => {
      if (/"status": "(paused|prelaunch|running)"/.test(chunk)) resolve();
      if (/"error": /.test(chunk)) reject(new Error(`QEMU: ${chunk}`));
    });
    qmp.once("close", () => reject(new Error("QEMU ended")));
  });
  say("qmp_capabilities", {});
  say("migrate-incoming", { uri: "file:state" });
  const asking = setInterval(() => say("query-status", {}), 5);
  try {
    await running;
  } finally {
    clearInterval(asking);
  }
  say("cont", {});
}

function adbEcho(serial) {
  return (
    spawnSync("adb", ["-s", serial, "shell", "echo ready"], { encoding: "utf8", timeout: 5_000 }).stdout === "ready\n"
  );
}

module.exports = { adbEcho, onBareDevice };
