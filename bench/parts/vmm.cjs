"use strict";
// A VM until its payload's first line on both virtual machine monitors: the same device, guest and library.
const path = require("node:path");
const { bootOnce, onDevice, root } = require("../bench-device.cjs");
const { interleave, ratio, row } = require("../statistics.cjs");

const { crosvmPath } = require(path.join(root, "dist/emulator/image/crosvm-path.js"));

const ROUNDS = 5;

async function measure({ progress }) {
  if (crosvmPath() === undefined) return { skipped: "AVF_CROSVM names no crosvm" };
  return onDevice(async ({ adb, manager, config }) => {
    const vm = await manager.create("bench", config);
    const on = (vmm) => async () => {
      adb("shell", `setprop debug.avf.vmm ${vmm}`);
      const took = await bootOnce(vm);
      await vm.stop();
      return took;
    };
    const { crosvm, qemu } = await interleave(
      { crosvm: on("crosvm"), qemu: on("qemu") },
      { rounds: ROUNDS, warmUps: 1, progress },
    );
    return [
      row("crosvm: run() to the payload's first line", "ms", crosvm),
      row("QEMU: run() to the payload's first line", "ms", qemu),
      ratio("crosvm / QEMU", crosvm, qemu),
    ];
  });
}

module.exports = { measure };
