"use strict";
// How cost grows: 1, 2, 4 and 8 VMs at once on one device; 1, 2 and 4 devices at once.
const { BOOT_LIMIT, FIRST_LINE, onDevice } = require("../bench-device.cjs");
const { interleave, ratio, row, timed } = require("../statistics.cjs");

const ROUNDS = 3;
const VMS = [1, 2, 4, 8];
const DEVICES = [1, 2, 4];
/** So that eight of them fit into a device. */
const MEMORY_BYTES = 160 << 20;

async function measure({ progress }) {
  const vms = await onDevice((bench) => manyVms(bench, progress));
  const devices = await interleave(
    Object.fromEntries(DEVICES.map((count) => [`${count} devices`, () => timed(() => openAtOnce(count))])),
    { rounds: ROUNDS, warmUps: 1, progress },
  );
  return [
    ...VMS.map((count) => row(`${count} VMs on one device, all first lines`, "ms", vms[`${count} VMs`])),
    ratio("8 VMs / 1 VM", vms["8 VMs"], vms["1 VMs"]),
    ...DEVICES.map((count) => row(`${count} devices ready, app installed`, "ms", devices[`${count} devices`])),
    ratio("4 devices / 1 device", devices["4 devices"], devices["1 devices"]),
  ];
}

async function manyVms({ manager, builder }, progress) {
  const config = builder.setMemoryBytes(MEMORY_BYTES).build();
  const vms = [];
  for (let i = 0; i < Math.max(...VMS); i += 1) vms.push(await manager.create(`bench${i}`, config));
  const boot = async (vm) => {
    await vm.run();
    await vm.waitForConsole(FIRST_LINE, BOOT_LIMIT);
  };
  const all = (count) => async () => {
    const took = await timed(() => Promise.all(vms.slice(0, count).map(boot)));
    await Promise.all(vms.slice(0, count).map((vm) => vm.stop()));
    return took;
  };
  const contenders = Object.fromEntries(VMS.map((count) => [`${count} VMs`, all(count)]));
  return interleave(contenders, { rounds: ROUNDS, warmUps: 1, progress });
}

async function openAtOnce(count) {
  await Promise.all(Array.from({ length: count }, () => onDevice(async () => undefined)));
}

module.exports = { measure };
