"use strict";
// The emulated device until adb's shell answers: restored by jest-avf, restored by bare QEMU without its code, cold boot.
const path = require("node:path");
const { adbEcho, onBareDevice } = require("../bare-device.cjs");
const { interleave, ratio, row } = require("../statistics.cjs");

const dist = path.join(__dirname, "../../dist");
const { ensureReady, startEmulatedDevice } = require(path.join(dist, "emulator/index.js"));

const RESTORES = 7;
const COLD_BOOTS = 3;

async function measure({ progress }) {
  const ready = await ensureReady();
  const { restored, bare } = await interleave(
    { restored: () => ours(false), bare: () => onBareDevice(ready, ({ upMs }) => upMs) },
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

module.exports = { measure };
