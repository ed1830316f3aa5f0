/**
 * The command line of QEMU for a guest that is not ours: a kernel or firmware of the user's own, which finds its devices on
 * a PCI bus, as it does on crosvm.
 */
import { VmStartRefusal } from "../kernel/start-refusal.js";
import type { VmmConfig, VmmDisk } from "../contract.js";
import { controlFd } from "../monitor-process.js";
import { DEBUG_EXIT_PORT, diskNode, gdbArgs, inheritedDisk, serialArgs } from "./devices.js";

/** Slots of the one PCI bus, and what takes them beside disks: bridges and their like, consoles, vsock. */
const PCI_SLOTS = 32;
const SLOTS_BESIDE_DISKS = 6;

/** Pure. Throws `VmStartRefusal` when the VM has more disks than a machine has places for. */
export function buildAnyGuestArgs(config: VmmConfig): readonly string[] {
  const most = PCI_SLOTS - SLOTS_BESIDE_DISKS;
  if (config.disks.length > most) {
    throw new VmStartRefusal(`${config.disks.length} disks are too many: at most ${most}`);
  }
  return [
    ...["-nodefaults", "-no-user-config"],
    ...["-display", "none"],
    "-no-reboot",
    ...(config.firmwarePath === undefined ? kernelMachine(config) : firmwareMachine(config.firmwarePath)),
    ...["-accel", "kvm"],
    ...["-cpu", "host"],
    ...["-m", String(config.memoryMib)],
    ...["-smp", String(config.cpuCount)],
    ...serialArgs("virtio-serial-pci"),
    ...["-chardev", `socket,id=control,fd=${controlFd(config.disks)}`],
    ...["-mon", "chardev=control,mode=control"],
    ...config.disks.flatMap(diskArgs),
    ...["-device", `vhost-vsock-pci,guest-cid=${config.cid}`],
    ...["-device", "pvpanic"],
    ...["-device", `isa-debug-exit,iobase=0x${DEBUG_EXIT_PORT.toString(16)},iosize=4`],
    ...gdbArgs(config),
  ];
}

/** A small machine with a small firmware that loads the kernel, and PCI and ACPI as a guest may expect them. */
function kernelMachine({ kernelPath = "", initrdPath, kernelParams }: VmmConfig): readonly string[] {
  return [
    ...["-M", "microvm,acpi=on,pcie=on,rtc=on,ioapic2=off,isa-serial=off"],
    ...["-bios", "qboot.rom"],
    ...["-kernel", kernelPath],
    ...(initrdPath === undefined ? [] : ["-initrd", initrdPath]),
    // As crosvm has it: a panic ends the VM. A reset needs no ACPI, and `-no-reboot` makes it an end.
    ...["-append", ["panic=-1", "reboot=t", ...kernelParams].join(" ")],
  ];
}

/** A PC: firmware is built for one. */
function firmwareMachine(path: string): readonly string[] {
  return ["-M", "q35,smbus=off,usb=off,vmport=off", "-bios", path];
}

/** An error of the disk is the guest's to handle: QEMU would stop the machine when space runs out, without a message. */
function diskArgs(disk: VmmDisk, index: number): readonly string[] {
  const serial = disk.serial === undefined ? "" : `,serial=${disk.serial}`;
  const device = `virtio-blk-pci,drive=${diskNode(index)},werror=report,rerror=report${serial}`;
  return [...inheritedDisk(index, disk), "-device", device];
}
