/** `VirtualMachineAppConfig` with its files open. The service closes them when it is done with the VM. */
import type { FileHandle } from "node:fs/promises";

export interface AppVmConfig {
  readonly name: string;
  readonly apk: FileHandle;
  readonly idsig: FileHandle;
  readonly extraApks: readonly { readonly apk: FileHandle; readonly idsig: FileHandle }[];
  readonly instanceImage: FileHandle;
  /** Tells this VM from others of the same payload; undefined where the caller gave none. */
  readonly instanceId: Buffer | undefined;
  readonly encryptedStorage: FileHandle | undefined;
  readonly payload: VmPayload;
  readonly osName: string;
  readonly debugLevel: "none" | "app_only" | "full";
  readonly protectedVm: boolean;
  /** 0: the default. */
  readonly memoryMib: number;
  readonly cpuCount: number;
  readonly gdbPort: number | undefined;
  /** Since Android 15 the tool always sends one, and that takes a permission of its own. */
  readonly hasCustomConfig: boolean;
  /** The kernel prints to the first serial port from its first lines on; only for debug level full. */
  readonly earlyConsole: boolean;
  /** Its device tree is to be written to a file. */
  readonly wantsDeviceTree: boolean;
  readonly hostServices: readonly string[];
}

export type VmPayload =
  { readonly kind: "config"; readonly configPath: string } | { readonly kind: "binary"; readonly binaryName: string };

export interface Requester {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

export const MICRODROID = "microdroid";
