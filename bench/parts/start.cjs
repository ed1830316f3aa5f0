"use strict";
// `npm start`, a whole command, until vm1 and vm2 have greeted: against QEMU alone, which restores the same device and runs
// the same two VMs on it at once, with the files that they need copied there.
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { FIRST_LINE, onDevice, quote, root, withTool } = require("../bench-device.cjs");
const { onBareDevice } = require("../bare-device.cjs");
const { ON_DEVICE, OWN_CID, recordVm, withCid } = require("../recorded-vm.cjs");
const { interleave, ratio, row } = require("../statistics.cjs");

const { ensureReady } = require(path.join(root, "dist/emulator/index.js"));

/** Even, so that each order has as many. On a host where a round takes long, AVF_BENCH_ROUNDS makes them fewer. */
const ROUNDS = Number(process.env.AVF_BENCH_ROUNDS ?? 4);
const LIMIT_SECONDS = "240";
const NAMES = ["vm1", "vm2"];
const CIDS = [OWN_CID, "9998"];
/** As `npm start` makes its VMs. */
const MEMORY_BYTES = 192 << 20;
const avf = path.join(root, "src/cli/avf.cjs");

async function measure({ progress }) {
  const ready = await ensureReady();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    const files = path.join(folder, "files.tar");
    const recorded = await record(files);
    const { ours, bare } = await withTool("bare-vmm", (program) =>
      interleave(
        { ours: untilGreeted, bare: () => onBareDevice(ready, (device) => bareVms(device, program, files, recorded)) },
        { rounds: ROUNDS, warmUps: ROUNDS < 4 ? 0 : 1, swapped: ["ours", "bare"], progress },
      ),
    );
    return [
      row("npm start, until both VMs have greeted", "ms", ours),
      row("QEMU alone: the device restored, the same two VMs on it", "ms", bare),
      ratio("npm start / QEMU alone", ours, bare, { atMost: 1.2 }),
    ];
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Runs a VM once. Its command line is kept, and its files as an archive, instance image for each of the two VMs included. */
function record(archive) {
  return onDevice(async (bench) => {
    bench.adb("shell", `mkdir -p ${ON_DEVICE}`);
    const vm = await bench.manager.create("bench", bench.builder.setMemoryBytes(MEMORY_BYTES).build());
    const { program, args, disks } = await recordVm(bench, vm);
    const instance = disks.findIndex((disk) => disk.endsWith(":rw"));
    const [image] = disks[instance].split(":");
    const disksOf = (name) => disks.with(instance, `${ON_DEVICE}/${name}.img:rw`);
    for (const name of NAMES) bench.su("cp", image, `${ON_DEVICE}/${name}.img`);
    const own = disks.map((disk) => disk.split(":")[0]).filter((file) => file.startsWith("/data/") && file !== image);
    bench.su("tar", "-cf", `${ON_DEVICE}/files.tar`, ...own, ...NAMES.map((name) => `${ON_DEVICE}/${name}.img`));
    bench.su("chmod", "644", `${ON_DEVICE}/files.tar`);
    bench.adb("pull", `${ON_DEVICE}/files.tar`, archive);
    return { program, args, disks: NAMES.map(disksOf) };
  });
}

/** Milliseconds from the start of the command. */
async function untilGreeted() {
  const start = performance.now();
  const child = spawn(process.execPath, [avf, "start"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let took;
  const read = (chunk) => {
    said += chunk;
    const greeted = (name) => new RegExp(`^${name} .*${FIRST_LINE}`, "m").test(said);
    if (took === undefined && NAMES.every(greeted)) took = performance.now() - start;
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  if (code !== 0 || took === undefined) throw new Error(`npm start: exit code ${code}\n${said}`);
  return took;
}

/** Milliseconds from the start of the device's QEMU. */
async function bareVms({ serial, upMs }, bareVmm, files, { program, args, disks }) {
  const start = performance.now();
  const adb = (...argv) => execFileSync("adb", ["-s", serial, ...argv], { encoding: "utf8" });
  adb("shell", `mkdir -p ${ON_DEVICE}`);
  adb("push", bareVmm, files, ON_DEVICE);
  adb("shell", `su 0 tar -C / -xf ${ON_DEVICE}/files.tar`);
  await Promise.all(
    CIDS.map((cid, index) => {
      const argv = [`${ON_DEVICE}/${path.basename(bareVmm)}`, cid, FIRST_LINE, LIMIT_SECONDS, ...disks[index]];
      return greeting(serial, [...argv, "--", program, ...withCid(args, cid)]);
    }),
  );
  return upMs + performance.now() - start;
}

function greeting(serial, argv) {
  const child = spawn("adb", ["-s", serial, "shell", `su 0 ${argv.map(quote).join(" ")}`], { stdio: "pipe" });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`bare VM: ${code}\n${said}`))));
    child.once("error", reject);
  });
}

module.exports = { measure };
