"use strict";
// From a payload to a wait on the host: throughput, latency of one line, and how soon a wait fails when its VM dies.
const { once } = require("node:events");
const fs = require("node:fs");
const path = require("node:path");
const { BOOT_LIMIT, compilePayload, onDevice, root } = require("../bench-device.cjs");
const { interleave, row, timed } = require("../statistics.cjs");
const { buildApk, loadSigningKey } = require(path.join(root, "dist/apk/index.js"));

const ROUNDS = 5;
const LINES = 20;
const FLOOD_MIB = 2;
const PORT = 7777;

async function measure({ progress }) {
  const apk = await makeApk();
  return onDevice((bench) => compare(bench, progress), { apk, config: "assets/vm_config.json" });
}

async function compare({ manager, config, su }, progress) {
  const vm = await manager.create("bench", config);
  const boot = async () => {
    await vm.run();
    await vm.waitForConsole("talker: listening", BOOT_LIMIT);
  };
  await boot();
  const socket = await vm.connectVsock(PORT);
  const tell = async (order) => {
    socket.write(`${order}\n`);
    await once(socket, "data");
  };
  let spoken = 0;
  const line = async () => {
    const text = `line ${(spoken += 1)} of the bench`;
    const heard = vm.waitForConsole(text, BOOT_LIMIT);
    return timed(() => Promise.all([tell(`say ${text}`), heard]));
  };
  let floods = 0;
  const flood = async () => {
    const heard = vm.waitForConsole(`flood ${(floods += 1)} over`, BOOT_LIMIT);
    const took = await timed(() => Promise.all([tell(`flood ${FLOOD_MIB}`), tell(`say flood ${floods} over`), heard]));
    return (FLOOD_MIB * 1.048576) / (took / 1000);
  };
  const lines = (await interleave({ line }, { rounds: LINES, warmUps: 2, progress: () => undefined })).line;
  const roundTrips = (
    await interleave({ order: () => timed(() => tell("nothing")) }, { rounds: LINES, progress: () => undefined })
  ).order;
  const throughput = (await interleave({ flood }, { rounds: 3, progress })).flood;
  socket.destroy();
  await vm.stop();
  const death = async () => {
    await boot();
    const [pid] = su("pidof", "qemu-system-x86_64").trim().split(/\s+/);
    const failed = vm.waitForConsole("never said", BOOT_LIMIT).then(
      () => Promise.reject(new Error("the wait did not fail")),
      () => undefined,
    );
    return timed(() => (su("kill", "-9", pid), failed));
  };
  const deaths = (await interleave({ death }, { rounds: ROUNDS, progress })).death;
  return [
    row("console, payload to matcher", "MB/s", throughput),
    { ...row("order over vsock, line at its waiter", "ms", lines), atMost: 50 },
    row("order over vsock, answer over vsock", "ms", roundTrips),
    { ...row("VMM killed, wait failed", "ms", deaths), atMost: 1000 },
  ];
}

async function makeApk() {
  const fixtures = path.join(root, "fixtures");
  const certificate = fs.readFileSync(path.join(fixtures, "test-key.x509.pem"));
  const key = loadSigningKey(fs.readFileSync(path.join(fixtures, "test-key.pk8")), { certificate });
  const manifest = fs.readFileSync(path.join(fixtures, "MicrodroidTestApp/AndroidManifest.xml"));
  const config = { os: { name: "microdroid" }, task: { type: "microdroid_launcher", command: "talker.so" } };
  const files = new Map([
    ["AndroidManifest.xml", manifest],
    ["assets/vm_config.json", Buffer.from(JSON.stringify(config))],
    ["lib/x86_64/talker.so", compilePayload("talker")],
  ]);
  return buildApk(files, { key });
}

module.exports = { measure };
