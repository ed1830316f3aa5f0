/** What a VM of its own kernel is described by, with files of this host. */

/** A path of this host (relative ones start from the project's folder), bytes, or a file that the device has. */
export type HostFile = string | Uint8Array | { readonly onDevice: string };

export interface CustomDisk {
  /** Plain bytes of a disk. One of `file` and `partitions`. */
  readonly file?: HostFile;
  /** They become one GPT disk, with these labels. */
  readonly partitions?: readonly CustomPartition[];
  /** Each VM writes to a copy of its own, which goes with it. Default: false. */
  readonly writable?: boolean;
}

interface CustomPartition {
  readonly label: string;
  readonly file: HostFile;
  readonly writable?: boolean;
  /** For `root=PARTUUID=`; since Android 16. Default: one of chance. */
  readonly guid?: string;
}

export interface CustomVmSpec {
  /** Default: `vm1`. */
  readonly name?: string;
  /** A bzImage, a vmlinux, an arm64 Image, or one of them compressed. One of `kernel` and `bootloader`. */
  readonly kernel?: HostFile;
  /** Firmware. */
  readonly bootloader?: HostFile;
  /** As `buildInitramfs()` of `jest-avf/apk` makes it, or a file. */
  readonly initrd?: HostFile;
  /**
   * The kernel's command line. Unless it says something else, `console=ttyS0` and `panic=-1` go before it: a kernel that
   * panics ends its VM.
   */
  readonly params?: string | readonly string[];
  readonly disks?: readonly (HostFile | CustomDisk)[];
  /** Default: that of the device, 256 MiB. */
  readonly memoryBytes?: number;
  /** One, or as many as the device has. Default: one. */
  readonly cpus?: "one" | "all";
  /** Whether `getConsoleInput()` types into its console. Default: false. */
  readonly consoleInput?: boolean;
}

export type MakeCustomVm = (spec: CustomVmSpec) => Promise<import("../../virtualmachine/index.js").VirtualMachine>;
