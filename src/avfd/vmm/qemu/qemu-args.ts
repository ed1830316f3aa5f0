/** The command line of QEMU for one VM: a microvm under KVM, booted by PVH, with the serial devices crosvm would give. */
import { VmStartRefusal } from "../kernel/start-refusal.js";
import type { VmmConfig, VmmDisk } from "../contract.js";
import { controlFd } from "../monitor-process.js";
import { buildAnyGuestArgs } from "./any-guest-args.js";
import { DEBUG_EXIT_PORT, diskNode, gdbArgs, inheritedDisk, readOnly, serialArgs } from "./devices.js";

/** Virtio-mmio slots of a microvm with ACPI: as many as its second interrupt controller has pins. */
const SLOTS = 24;
/** And without that controller. */
const SLOTS_OF_FIRST = 8;
/** Console controller and vsock. */
const SLOTS_BESIDE_DISKS = 2;

/** Where the guest's memory lies, for templates and their copies. */
export type TemplateMemory =
  /** Written to by a machine that boots. */
  | { readonly path: string; readonly use: "template" }
  /** Read copy-on-write, by a machine that waits for its state, and for its disks: places of these sizes. */
  | { readonly path: string; readonly use: "copy"; readonly diskBytes: readonly number[] };

/** Name of a copy, also when it is somebody's VM: whoever counts processes knows that one may be nobody's yet. */
const COPY_NAME = "copy-of-template";

/** Pure. Throws `VmStartRefusal` when the VM has more disks than a machine has places for. */
export function buildQemuArgs(config: VmmConfig, memory?: TemplateMemory): readonly string[] {
  if (config.anyGuest === true) return buildAnyGuestArgs(config);
  const slots = config.disks.length + SLOTS_BESIDE_DISKS;
  if (slots > SLOTS) {
    throw new VmStartRefusal(`${config.disks.length} disks are too many: at most ${SLOTS - SLOTS_BESIDE_DISKS}`);
  }
  return [
    // First, for busybox's `ps` shows the beginning of a command line only.
    ...(memory?.use === "copy" ? ["-name", COPY_NAME] : []),
    "-nodefaults",
    "-no-user-config",
    ...["-display", "none"],
    "-no-reboot",
    ...["-M", machine(slots, memory)],
    ...(memory ? memoryArgs(memory, config.memoryMib) : []),
    // The small firmware: SeaBIOS looks for boot devices first, and each of its steps is slow under nesting.
    ...["-bios", "qboot.rom"],
    ...["-accel", accelerator(slots)],
    ...["-cpu", "host"],
    ...["-m", String(config.memoryMib)],
    ...["-smp", String(config.cpuCount)],
    // vhost-vsock exists only in the form of virtio 1.
    ...["-global", "virtio-mmio.force-legacy=false"],
    // A copy has them in its memory, and reading them takes QEMU as long as half of its start.
    ...(memory?.use === "copy" ? [] : kernelArgs(config)),
    ...serialArgs("virtio-serial-device"),
    ...["-chardev", `socket,id=control,fd=${controlFd(inheritedDisks(config, memory))}`],
    ...["-mon", "chardev=control,mode=control"],
    ...config.disks.flatMap((disk, index) => [
      ...(memory?.use === "copy" ? emptyDisk(index, disk, memory.diskBytes[index] ?? 0) : inheritedDisk(index, disk)),
      ...["-device", `virtio-blk-device,drive=${diskNode(index)},serial=${disk.serial ?? ""}`],
    ]),
    ...["-device", `vhost-vsock-device,guest-cid=${config.cid}`],
    // A kernel that panics reports it here, whatever its console shows or hides.
    ...["-device", "pvpanic"],
    ...["-device", `isa-debug-exit,iobase=0x${DEBUG_EXIT_PORT.toString(16)},iosize=4`],
    ...gdbArgs(config),
  ];
}

/**
 * ACPI tells the guest where its devices are: Debian's kernel does not take them from its command line
 * (CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES is not set there), so without it there would be no disk. The second interrupt
 * controller is left out where its slots are not needed: the kernel reads and writes each of its pins several times, each
 * time an exit to this process, 0.3 s a boot under nesting.
 */
function machine(slots: number, memory: TemplateMemory | undefined): string {
  const ioapic2 = slots > SLOTS_OF_FIRST ? "on" : "off";
  const backend = memory ? ",memory-backend=ram" : "";
  return `microvm,acpi=on,rtc=on,pit=off,pic=off,ioapic2=${ioapic2},isa-serial=off${backend}`;
}

/**
 * With the interrupt controllers in the kernel. In this process, each write to one of their registers is an exit, and has
 * the kernel wait until nobody uses the old routes of interrupts: 0.4 s a boot under nesting. The kernel has no second one.
 */
function accelerator(slots: number): string {
  return `kvm,kernel-irqchip=${slots > SLOTS_OF_FIRST ? "split" : "on"}`;
}

/** Those that the process gets as descriptors. */
export function inheritedDisks({ disks }: VmmConfig, memory: TemplateMemory | undefined): readonly VmmDisk[] {
  return memory?.use === "copy" ? [] : disks;
}

function kernelArgs({ kernelPath, initrdPath, kernelParams }: VmmConfig): readonly string[] {
  return [
    ...(kernelPath === undefined ? [] : ["-kernel", kernelPath]),
    ...(initrdPath === undefined ? [] : ["-initrd", initrdPath]),
    // A reset needs no ACPI then, and `-no-reboot` makes it an end.
    ...["-append", [...kernelParams, "reboot=t"].join(" ")],
  ];
}

/** Not all of it is set aside at once: a copy writes to little of it. */
function memoryArgs({ path, use }: TemplateMemory, memoryMib: number): readonly string[] {
  const share = use === "template" ? "on" : "off";
  const file = `memory-backend-file,id=ram,size=${memoryMib}M,mem-path=${path},share=${share},reserve=off`;
  return ["-object", file, ...(use === "template" ? [] : ["-incoming", "defer"])];
}

/** The guest sees a disk of that size; what is on it comes later. */
function emptyDisk(index: number, disk: VmmDisk, bytes: number): readonly string[] {
  const place = `${diskNode(index)}-empty`;
  return [
    ...["-blockdev", `driver=null-co,node-name=${place},size=${bytes},${readOnly(disk)}`],
    ...["-blockdev", `driver=raw,node-name=${diskNode(index)},file=${place},${readOnly(disk)},discard=unmap`],
  ];
}
