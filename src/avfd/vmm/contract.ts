/** What the service needs of a virtual machine monitor: crosvm where a device has it, else QEMU. */
import type { FileHandle } from "node:fs/promises";
import type { Duplex, Readable } from "node:stream";

export interface VmmDisk {
  /** The guest finds a disk by this name, at most 20 bytes; undefined: by its order, as /dev/vda, /dev/vdb and so on. */
  readonly serial: string | undefined;
  readonly file: FileHandle;
  readonly writable: boolean;
  /** Of a disk that is put together from several files, of which `file` is the first; without gaps. */
  readonly pieces?: readonly DiskPiece[];
}

export interface DiskPiece {
  readonly file: FileHandle;
  /** In whole sectors. */
  readonly offset: number;
  readonly bytes: number;
  readonly writable: boolean;
  /** For messages. */
  readonly name: string;
}

export interface VmmConfig {
  readonly cid: number;
  /** The VM's own, removed after its end: for what the monitor keeps beside it. */
  readonly folder: string;
  /** Undefined: the machine has firmware of its own that finds something to boot. */
  readonly kernelPath: string | undefined;
  readonly initrdPath: string | undefined;
  readonly firmwarePath?: string | undefined;
  readonly kernelParams: readonly string[];
  readonly disks: readonly VmmDisk[];
  readonly memoryMib: number;
  readonly cpuCount: number;
  /** Of the loopback address; undefined: none. */
  readonly gdbPort: number | undefined;
  /** Where console input goes. Default: hvc0. */
  readonly consoleInput?: ConsoleDevice;
  /** A guest of any kind: it gets the usual PCI devices, and nothing is left out for a shorter boot. */
  readonly anyGuest?: boolean;
  /** Where templates are kept that the VM may be a copy of; undefined: it boots. A monitor that has none boots it. */
  readonly templateFolder?: string | undefined;
  /** Settles when a virtual CPU may run: none does while a snapshot of the device is taken. Default: at once. */
  readonly mayRun?: () => Promise<void>;
}

export type ConsoleDevice = "hvc0" | "ttyS0";

/** Serial devices of a guest (AOSP virtualizationmanager/src/crosvm.rs). ttyS0 and hvc0 are both the console. */
interface VmmStreams {
  readonly ttyS0: Duplex;
  /** What the guest gives as the reason for its end. */
  readonly failure: Readable;
  readonly hvc0: Duplex;
  readonly log: Readable;
  /** The monitor's own messages. */
  readonly messages: Readable;
}

export interface VmmProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly streams: VmmStreams;
  /** Why a VM that was to be a copy of a template boots after all. */
  readonly templateRefusal?: string;
  /** Settles when the process is gone; never rejects. */
  readonly ended: Promise<VmmEnd>;
  /** At once, without asking the guest. */
  kill(): void;
  /**
   * To be called when the guest's payload runs: what its boot does not need any more may be used for the next VM.
   * @param nextCid the CID that this one will have, as far as is known now; undefined: there is none to be prepared
   */
  bootEnded?(nextCid: () => number | undefined): void;
}

/** How it ended, as far as the monitor can tell. */
export type VmmEnd =
  | {
      readonly kind: "shutdown" | "start-failed" | "reboot" | "crash" | "watchdog-reboot" | "killed";
      /** Of the process, where it is not the one that crosvm has for this. */
      readonly status?: string;
    }
  | { readonly kind: "unknown"; readonly status: string };

export interface Vmm<Name extends string = string> {
  readonly name: Name;
  /** Why it cannot be used on this device; undefined when it can. */
  refusal(): Promise<string | undefined>;
  /** Of a monitor that is not refused. */
  version(): Promise<string>;
  /** Processes with virtual CPUs that are not a VM's, or not yet. */
  helperPids?(): readonly number[];
  /** Ends what was prepared for VMs to come, and may hold their CIDs. */
  dropPrepared?(): Promise<void>;
  /** Resolves once the process runs. */
  start(config: VmmConfig): Promise<VmmProcess>;
}
