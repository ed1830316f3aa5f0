/** `VirtualMachineRawConfig` with its files open. The service closes them when it is done with the VM. */
import type { FileHandle } from "node:fs/promises";
import type { ConsoleDevice } from "../../vmm/contract.js";
import type { VersionReq } from "./platform-version.js";

export interface RawVmConfig {
  readonly name: string;
  readonly kernel: NamedFile | undefined;
  readonly initrd: NamedFile | undefined;
  readonly params: string | undefined;
  readonly bootloader: NamedFile | undefined;
  readonly disks: readonly RawDisk[];
  readonly protectedVm: boolean;
  /** 0: the default. */
  readonly memoryMib: number;
  readonly cpuCount: number;
  readonly platformVersion: VersionReq;
  readonly gdbPort: number | undefined;
  /** Paths in /sys of devices to be assigned. */
  readonly devices: readonly string[];
  /** Default: hvc0. */
  readonly consoleInputDevice: string | undefined;
  readonly usbController: boolean;
  /** Its device tree is to be written to a file. */
  readonly wantsDeviceTree: boolean;
  readonly hostServices: readonly string[];
}

/** Opened with the rights of the caller. */
export interface NamedFile {
  /** As the caller named it: for messages, and for nothing else. */
  readonly path: string;
  readonly file: FileHandle;
}

export type RawDisk =
  | { readonly image: NamedFile; readonly writable: boolean }
  | { readonly partitions: readonly RawPartition[]; readonly writable: boolean };

export interface RawPartition {
  readonly label: string;
  /** With hyphens; undefined: one of chance. */
  readonly guid: string | undefined;
  readonly image: NamedFile;
  readonly writable: boolean;
}

export function isConsoleDevice(name: string): name is ConsoleDevice {
  return name === "hvc0" || name === "ttyS0";
}

export function rawFiles({ kernel, initrd, bootloader, disks }: RawVmConfig): readonly NamedFile[] {
  const images = disks.flatMap((disk) => ("image" in disk ? [disk.image] : disk.partitions.map(({ image }) => image)));
  return [kernel, initrd, bootloader, ...images].filter((file) => file !== undefined);
}
