/** QEMU's command line for the emulated device. The same for every start, or a snapshot would not fit. */
import { join } from "node:path";
import { IMAGE_FILES } from "../image/files.js";

export type Accelerator = "tcg" | "kvm";

/** Processors that a device's programs and VMs run on. */
export type DeviceCpus = 1 | 2;

export interface MachineConfig {
  /** How QEMU is called, without options. */
  readonly emulator: readonly string[];
  readonly accelerator: Accelerator;
  readonly cpus: DeviceCpus;
  readonly imageFolder: string;
  /** Port of 127.0.0.1 that leads to adbd. */
  readonly adbPort: number;
  /** The data disk; what is written to it during a start is dropped unless `keepData`. */
  readonly dataDisk: string;
  readonly keepData: boolean;
  /** File that holds the machine's memory. */
  readonly memoryFile: string;
  /** False: the file is read copy-on-write, and stays as it is. */
  readonly memoryShared: boolean;
  /** Waits for a snapshot's state instead of booting. */
  readonly incoming: boolean;
  readonly serialLog: string;
}

const DEVICE_MEMORY_BYTES = 2 * 2 ** 30;
/**
 * Of a device with two: one more, the first, for no program. A processor that restores its FPU's state changes a word of
 * the *first* processor in QEMU's TCG (`cpu_clear_ignne` of target/i386, up to 11.1 at least) without a lock: the word that
 * also tells whether that one is inside a VM and how it translates addresses. A VM there loses its nested page tables now
 * and then, which resets or hangs it, or the first processor loses its interrupts, which hangs the device. One processor
 * alone has nobody to fear.
 */
const WITH_AN_IDLE_ONE = { smp: "3", parameters: " isolcpus=0" };
const ALONE = { smp: "1", parameters: "" };

/** File descriptors that QEMU inherits, see `launchMachine`. */
const QMP_FD = 3;
const CONTROL_FD = 4;

/**
 * The kernel's check of its timer counts ticks in a fixed time: on a host so busy that QEMU gets no turn meanwhile, there
 * are none, and it panics.
 */
const KERNEL_PARAMETERS = "console=ttyS0 panic=-1 quiet mitigations=off random.trust_cpu=on nokaslr no_timer_check";

/** Of a trial: a dozen lines from the first on, without the kernel's other messages, each byte of which costs an exit. */
const TALKATIVE = "earlyprintk=ttyS0 loglevel=6";

/** QEMU starts no program, gets no more rights, and changes nobody's priority: a guest that got out of it would be in there. */
const SANDBOX = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"];

export function buildMachineArguments(config: MachineConfig): readonly string[] {
  const { smp, parameters } = config.cpus === 1 ? ALONE : WITH_AN_IDLE_ONE;
  const memory = ["id=ram", `size=${DEVICE_MEMORY_BYTES}`, `mem-path=${escape(config.memoryFile)}`];
  return [
    ...config.emulator,
    // What processes are listed as; the loader of its libraries otherwise.
    ...["-name", "avf-device,process=qemu-system-x86"],
    ...["-M", "q35,memory-backend=ram,hpet=off,suppress-vmdesc=on"],
    // A state is loaded as it is saved: without words about the machine, which the key of a snapshot stands for.
    ...["-global", "migration.send-configuration=off"],
    ...["-object", `memory-backend-file,${memory.join(",")},${memoryAccess(config)}`],
    ...acceleratorArguments(config.accelerator),
    ...["-m", `${DEVICE_MEMORY_BYTES / 2 ** 20}`, "-smp", smp],
    ...["-kernel", join(config.imageFolder, IMAGE_FILES.kernel)],
    ...["-initrd", join(config.imageFolder, IMAGE_FILES.initrd)],
    ...["-append", `${KERNEL_PARAMETERS}${parameters}`],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...SANDBOX,
    ...["-serial", `file:${config.serialLog}`],
    ...["-chardev", `socket,id=qmp,fd=${QMP_FD}`, "-mon", "chardev=qmp,mode=control"],
    ...disk("root", join(config.imageFolder, IMAGE_FILES.root), "readonly=on", "2"),
    ...disk("data", config.dataDisk, config.keepData ? "cache=writeback" : "snapshot=on", "3"),
    // restrict=on: nothing inside reaches the host or the network; only adb's port leads in, from 127.0.0.1.
    ...["-netdev", `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${config.adbPort}-10.0.2.15:5555`],
    ...["-device", "virtio-net-pci,netdev=net,romfile=,addr=4"],
    ...["-chardev", `socket,id=control,fd=${CONTROL_FD}`, "-device", "virtio-serial-pci,addr=5"],
    ...["-device", "virtserialport,chardev=control,name=avf.control"],
    ...["-device", "virtio-rng-pci,addr=6"],
    ...(config.incoming ? ["-incoming", "defer"] : []),
  ];
}

/** A trial run of an accelerator: kernel and initramfs only, ended by the guest itself. */
export function buildProbeArguments(
  emulator: readonly string[],
  accelerator: Accelerator,
  imageFolder: string,
  serialLog: string,
): readonly string[] {
  return [
    ...emulator,
    ...["-M", "q35", ...acceleratorArguments(accelerator), "-m", "256", "-smp", "1"],
    ...["-kernel", join(imageFolder, IMAGE_FILES.kernel), "-initrd", join(imageFolder, IMAGE_FILES.initrd)],
    ...["-append", `${KERNEL_PARAMETERS} ${TALKATIVE} avf.probe`],
    ...SANDBOX,
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", `file:${serialLog}`],
  ];
}

/** Of a file that is gone on from QEMU opens no more than it needs: it may be somebody who cannot write there. */
function memoryAccess({ memoryShared, incoming }: MachineConfig): string {
  if (memoryShared) return "share=on";
  return incoming ? "share=off,readonly=on,rom=off" : "share=off";
}

function acceleratorArguments(accelerator: Accelerator): readonly string[] {
  // EPYC-Rome is the model whose SVM the emulator knows well enough for VMs to run inside. `host` is a real CPU without
  // what cannot be saved (`migratable`, on unless told otherwise): with an invariant TSC, QEMU refuses to write a snapshot.
  // What a processor in VMX operation is at is saved with it from Linux 4.20 on, one in SVM operation from 5.8 on.
  return accelerator === "kvm"
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", "tcg,thread=multi", "-cpu", "EPYC-Rome,+svm,+npt"];
}

function disk(id: string, file: string, options: string, address: string): readonly string[] {
  return [
    ...["-drive", `id=${id},if=none,format=raw,file=${escape(file)},${options}`],
    ...["-device", `virtio-blk-pci,drive=${id},addr=${address},romfile=`],
  ];
}

/** In QEMU's option lists a comma is doubled. */
function escape(value: string): string {
  return value.replaceAll(",", ",,");
}
