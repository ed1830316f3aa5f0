"use strict";
// How the device starts a VM's QEMU, so that the very same one can be run with nothing around it (tools/bare-vmm.c).
const { bootOnce } = require("./bench-device.cjs");

/** Far from those that the device gives. */
const OWN_CID = "9999";
const ON_DEVICE = "/data/local/tmp/bench";

/** Runs the VM once, and returns how the service started it: program, arguments and disks in their order. */
async function recordVm({ su }, vm) {
  await bootOnce(vm);
  su("cp", `/data/misc/virtualizationservice/${await vm.getCid()}/metadata`, `${ON_DEVICE}/metadata`);
  const pids = su("pidof", "qemu-system-x86_64").trim().split(/\s+/);
  const [program, ...all] = su("cat", `/proc/${pids[0]}/cmdline`).split("\0").slice(0, -1);
  const args = withoutControl(all);
  const links = su("ls", "-l", `/proc/${pids[0]}/fd`);
  await vm.stop();
  const serials = args.flatMap((arg) => /^virtio-blk.*,serial=(.*)$/.exec(arg)?.[1] ?? []);
  // QEMU keeps duplicates of the descriptors, made in the order of the disks.
  const files = [...links.matchAll(/ (\d+) -> (\/(?!dev\/)\S+)/g)].sort((a, b) => a[1] - b[1]).map((match) => match[2]);
  const inOrder = [...new Set(files)];
  if (inOrder.length !== serials.length) throw new Error(`${serials.length} disks, but these files:\n${links}`);
  const disks = serials.map((serial, index) => {
    if (serial === "metadata") return `${ON_DEVICE}/metadata:ro`;
    return `${inOrder[index]}:${serial === "vm-instance" ? "rw" : "ro"}`;
  });
  return { program, args, disks };
}

/** The other end of the service's channel to its QEMU would be missing. */
function withoutControl(args) {
  const isControl = (arg) => arg !== undefined && /^(socket,id|chardev)=control,/.test(arg);
  return args.filter((arg, index) => !isControl(arg) && !isControl(args[index + 1]));
}

/** The command line with a CID of its own, for VMs that the service does not know. */
function withCid(args, cid = OWN_CID) {
  return args.map((arg) => arg.replace(/guest-cid=\d+/, `guest-cid=${cid}`));
}

module.exports = { ON_DEVICE, OWN_CID, recordVm, withCid, withoutControl };
