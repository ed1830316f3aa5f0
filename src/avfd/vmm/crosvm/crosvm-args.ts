/**
 * The command line of crosvm for one VM, in the order in which Android's service gives it (AOSP
 * virtualizationmanager/src/crosvm.rs). `docs/crosvm.md` lists where it differs, and why.
 */
import { join } from "node:path";
import { VmStartRefusal } from "../kernel/start-refusal.js";
import type { ConsoleDevice, VmmConfig, VmmDisk } from "../contract.js";
import { MONITOR_FDS } from "../monitor-process.js";
import type { CrosvmOptions } from "./crosvm-options.js";

/** Name of the control socket in the VM's folder. */
const CONTROL_SOCKET = "crosvm.sock";

/** Devices of the one PCI bus that a VM has beside its disks: bridge, panic, entropy, three consoles, vsock. */
const DEVICES_BESIDE_DISKS = 7;
const PCI_DEVICES = 32;

/** All that this file may pass, as the newest crosvm knows it. */
const CURRENT: CrosvmOptions = {
  general: new Set(["--extended-status", "--log-level", "--no-syslog"]),
  run: new Set(["--cid", "--no-balloon", "--no-usb", "--gdb", "--block"]),
  compositeDisks: true,
};

/**
 * Pure.
 * @param known what the binary knows; an option that it does not know is left out, or takes its older form
 * @throws VmStartRefusal when the VM needs what this crosvm cannot do
 */
export function buildCrosvmArgs(config: VmmConfig, known: CrosvmOptions = CURRENT): readonly string[] {
  const most = PCI_DEVICES - DEVICES_BESIDE_DISKS;
  if (config.disks.length > most)
    throw new VmStartRefusal(`${config.disks.length} disks are too many: at most ${most}`);
  const general = (option: string, ...values: string[]): string[] =>
    known.general.has(option) ? [option, ...values] : [];
  const run = (option: string): string[] => (known.run.has(option) ? [option] : []);
  return [
    ...general("--extended-status"),
    ...general("--log-level", "info,disk=warn"),
    ...general("--no-syslog"),
    "run",
    "--disable-sandbox",
    ...(known.run.has("--cid") ? ["--cid", String(config.cid)] : ["--vsock", `cid=${config.cid}`]),
    ...run("--no-balloon"),
    ...run("--no-usb"),
    ...["--mem", String(config.memoryMib)],
    ...["--cpus", String(config.cpuCount)],
    ...gdbArgs(config, known),
    ...serialArgs(config.consoleInput ?? "hvc0"),
    ...(config.firmwarePath === undefined ? [] : ["--bios", config.firmwarePath]),
    ...(config.initrdPath === undefined ? [] : ["--initrd", config.initrdPath]),
    ...(config.kernelPath === undefined ? [] : ["--params", kernelParams(config)]),
    ...config.disks.flatMap((disk, index) => diskArgs(disk, MONITOR_FDS.firstDisk + index, known)),
    ...(config.kernelPath === undefined ? [] : [config.kernelPath]),
    ...["--socket", join(config.folder, CONTROL_SOCKET)],
  ];
}

/**
 * The kernel resets through the keyboard controller, which crosvm reports as a restart; a triple fault, which is what the
 * guest's image would use elsewhere, it reports as an orderly end. A guest that is not ours may say something else.
 */
function kernelParams({ kernelParams: params, anyGuest }: VmmConfig): string {
  return (anyGuest === true ? ["reboot=k", ...params] : [...params, "reboot=k"]).join(" ");
}

function gdbArgs({ gdbPort }: VmmConfig, known: CrosvmOptions): readonly string[] {
  if (gdbPort === undefined) return [];
  if (!known.run.has("--gdb")) throw new VmStartRefusal("this crosvm was built without its feature `gdb`");
  return ["--gdb", String(gdbPort)];
}

function serialArgs(input: ConsoleDevice): readonly string[] {
  const file = (fd: number): string => `type=file,path=${inherited(fd)}`;
  const typed = (device: ConsoleDevice, fd: number): string => (device === input ? `,input=${inherited(fd)}` : "");
  const { ttyS0, failure, hvc0, log } = MONITOR_FDS;
  return [
    `--serial=${file(ttyS0)}${typed("ttyS0", ttyS0)},hardware=serial,num=1`,
    `--serial=${file(failure)},hardware=serial,num=2`,
    `--serial=${file(hvc0)}${typed("hvc0", hvc0)},hardware=virtio-console,num=1`,
    "--serial=type=sink,hardware=virtio-console,num=2",
    `--serial=${file(log)},hardware=virtio-console,num=3`,
  ];
}

/** Disks come as descriptors: their paths were resolved with the rights of the VM's caller. */
function diskArgs({ serial, writable }: VmmDisk, fd: number, known: CrosvmOptions): readonly string[] {
  const id = serial === undefined ? "" : `,id=${serial}`;
  if (known.run.has("--block")) return ["--block", `path=${inherited(fd)},ro=${!writable}${id}`];
  return [writable ? "--rwdisk" : "--disk", `${inherited(fd)}${id}`];
}

function inherited(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
