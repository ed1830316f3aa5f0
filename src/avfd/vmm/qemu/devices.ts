/** What QEMU's command line says of devices, whatever the machine. */
import type { VmmConfig, VmmDisk } from "../contract.js";
import { MONITOR_FDS } from "../monitor-process.js";

/** Exit code when the guest writes this to the port: (value << 1) | 1. */
export const DEBUG_EXIT_PORT = 0xf4;
export const SHUTDOWN_EXIT_CODE = 33;

/** What a disk is called towards QEMU's monitor. */
export function diskNode(index: number): string {
  return `disk${index}`;
}

/** Disks come as descriptors: their paths were resolved with the rights of the VM's caller. */
export function inheritedDisk(index: number, disk: VmmDisk): readonly string[] {
  const set = index + 1;
  const node = diskNode(index);
  const content = (name: string): string =>
    `driver=file,node-name=${name},filename=/dev/fdset/${set},${readOnly(disk)},discard=unmap`;
  const add = ["-add-fd", `set=${set},fd=${MONITOR_FDS.firstDisk + index}`];
  if (!disk.pieces) return [...add, "-blockdev", content(node)];
  const description = `${node}-description`;
  const composed = `driver=vmdk,node-name=${node},file=${description},${readOnly(disk)}`;
  return [...add, "-blockdev", content(description), "-blockdev", composed];
}

export function readOnly({ writable }: VmmDisk): string {
  return `read-only=${writable ? "off" : "on"}`;
}

/** @param controller of virtio consoles */
export function serialArgs(controller: "virtio-serial-device" | "virtio-serial-pci"): readonly string[] {
  return [
    ...["-chardev", `socket,id=ttyS0,fd=${MONITOR_FDS.ttyS0}`],
    ...["-chardev", `socket,id=failure,fd=${MONITOR_FDS.failure}`],
    ...["-chardev", `socket,id=hvc0,fd=${MONITOR_FDS.hvc0}`],
    ...["-chardev", "null,id=hvc1"],
    ...["-chardev", `socket,id=log,fd=${MONITOR_FDS.log}`],
    ...["-device", "isa-serial,index=0,chardev=ttyS0"],
    ...["-device", "isa-serial,index=1,chardev=failure"],
    ...["-device", `${controller},max_ports=4`],
    ...["-device", "virtconsole,nr=0,chardev=hvc0"],
    ...["-device", "virtconsole,nr=1,chardev=hvc1"],
    ...["-device", "virtconsole,nr=2,chardev=log"],
  ];
}

/** As on crosvm, the machine waits for a debugger before its first instruction. */
export function gdbArgs({ gdbPort }: VmmConfig): readonly string[] {
  return gdbPort === undefined ? [] : ["-gdb", `tcp:127.0.0.1:${gdbPort}`, "-S"];
}
