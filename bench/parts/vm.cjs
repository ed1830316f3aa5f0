"use strict";
// A VM until its payload's first line: through the library; the very same VMM command line on its own; and
// a q35 machine with default options. All with the same disks, on the same device.
const fs = require("node:fs");
const path = require("node:path");
const { bootOnce, FIRST_LINE, onDevice, withTool, root } = require("../bench-device.cjs");
const { ON_DEVICE, OWN_CID, recordVm, withCid } = require("../recorded-vm.cjs");
const { interleave, ratio, row } = require("../statistics.cjs");

const { cacheFolder } = require(path.join(root, "dist/base/paths.js"));

/** Even, so that each order has as many. */
const ROUNDS = 6;
const LIMIT_SECONDS = "120";
/** What a test does between two VMs, if it does anything; meanwhile the device prepares the next copy. */
const PAUSE_MS = 1_500;
/** Time for the device's kernel to clean up after a VM: each contender begins on an idle device. */
const SETTLE_MS = 1_000;

async function measure({ progress }) {
  return withTool("bare-vmm", (program) => onDevice((bench) => compare(bench, program, progress)));
}

async function compare(bench, bareVmm, progress) {
  const { adb, manager, config } = bench;
  adb("shell", `mkdir -p ${ON_DEVICE}`);
  adb("push", bareVmm, `${ON_DEVICE}/bare-vmm`);
  adb("push", compressedKernel(), `${ON_DEVICE}/bzImage`);
  const vm = await manager.create("bench", config);
  const recorded = await recordVm(bench, vm);
  const bare = (args) => () => {
    const argv = [`${ON_DEVICE}/bare-vmm`, OWN_CID, FIRST_LINE, LIMIT_SECONDS, ...recorded.disks];
    return Number(bench.su(...argv, "--", recorded.program, ...args));
  };
  const ours = async () => {
    const took = await bootOnce(vm);
    await vm.stop();
    return took;
  };
  const templates = (on) => adb("shell", `setprop debug.avf.vm_templates ${on ? 1 : 0}`);
  const withTemplates = async (work) => {
    templates(true);
    try {
      return await work();
    } finally {
      templates(false);
    }
  };
  // Each time templates are switched off, the device ends what it has prepared.
  const copied = () => withTemplates(ours);
  const prepared = () =>
    withTemplates(async () => {
      await ours();
      await pause(PAUSE_MS);
      return ours();
    });
  const contenders = {
    ours,
    bare: bare(withCid(recorded.args)),
    q35: bare(untuned(recorded.args)),
    copied,
    prepared,
  };
  // What copies leave in the memory of the device makes the VM after them slower, by some 3% where it is emulated.
  const plan = { rounds: ROUNDS, warmUps: 1, swapped: ["ours", "bare"], progress };
  const figures = await interleave(onIdleDevice(contenders), plan);
  return [
    row("run() to the payload's first line", "ms", figures.ours),
    row("the first from a template", "ms", figures.copied),
    row("the next from a template", "ms", figures.prepared),
    row("bare VMM, same command line", "ms", figures.bare),
    row("bare VMM, untuned q35", "ms", figures.q35),
    ratio("ours / bare VMM", figures.ours, figures.bare, { atMost: 1.15 }),
    ratio("bare VMM / untuned q35", figures.bare, figures.q35, { atMost: 0.65 }),
    ratio("booted / the first from a template", figures.ours, figures.copied),
    ratio("booted / the next from a template", figures.ours, figures.prepared, { atLeast: 3 }),
  ];
}

function onIdleDevice(contenders) {
  const settled = (run) => async () => {
    await pause(SETTLE_MS);
    return run();
  };
  return Object.fromEntries(Object.entries(contenders).map(([name, run]) => [name, settled(run)]));
}

function pause(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** The same guest on QEMU's usual machine, firmware and bus, with the kernel as it is packaged and no parameters. */
function untuned(args) {
  const list = withCid(args);
  const set = (name, value) => list.splice(list.indexOf(name) + 1, 1, value);
  const drop = (name) => list.splice(list.indexOf(name), 2);
  set("-M", "q35");
  drop("-bios");
  drop("-global");
  set("-kernel", `${ON_DEVICE}/bzImage`);
  const wanted = list[list.indexOf("-append") + 1]
    .split(" ")
    .filter((word) => /^(console|androidboot|panic|reboot)/.test(word));
  set("-append", wanted.join(" "));
  return list.map((arg) =>
    arg.replace(/^(vhost-vsock|virtio-blk|virtio-serial)-device/, (_, device) => `${device}-pci`),
  );
}

/** The kernel of the device and its VMs as Debian packs it; set-up has unpacked it for the image. */
function compressedKernel() {
  const boot = path.join(cacheFolder(), "packages/root/boot");
  const name = fs.readdirSync(boot).find((file) => file.startsWith("vmlinuz-"));
  return path.join(boot, name);
}

module.exports = { measure };
