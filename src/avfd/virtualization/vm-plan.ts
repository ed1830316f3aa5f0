/** What differs between kinds of VMs, as the service needs it: app VMs, and those of images that the caller gives. */
import type { PackageStore } from "../packages/package-store.js";
import type { Vmm, VmmDisk, VmmProcess } from "../vmm/contract.js";
import type { Requester } from "./vm-config.js";

export interface VmPlan {
  readonly name: string;
  readonly protectedVm: boolean;
  /** Whether it reports its boot: one that does not report in time has hung up, and a reset before it reports is a crash. */
  readonly reportsBoot: boolean;
  readonly gdbPort: number | undefined;
  /** Device that console input is typed into. */
  readonly consoleInput: "hvc0" | "ttyS0";
  /** Throws `ServiceError` for what the caller may not do, and for what this device cannot do. */
  check(packages: PackageStore, uid: number): void;
  /** What else must be settled before its monitor is chosen. */
  makeDisks(context: DiskContext): Promise<VmDisks>;
  launch(vmm: Vmm, context: LaunchContext): Promise<VmmProcess>;
  /** After an end that nobody asked for: what is known to be wrong with what it was given. */
  readonly explainEnd?: () => Promise<string | undefined>;
  /** Closes the files that came with the configuration. */
  close(): Promise<void>;
}

export interface DiskContext {
  readonly requester: Requester;
  /** The VM's own; is made. */
  readonly folder: string;
}

export interface VmDisks {
  readonly disks: readonly VmmDisk[];
  /** Closes those that did not come with the configuration. */
  close(): Promise<void>;
}

interface LaunchContext {
  readonly cid: number;
  /** The VM's own. */
  readonly folder: string;
  readonly disks: readonly VmmDisk[];
  /** Whether it may be a copy of a template instead of booting. */
  readonly fromTemplate: boolean;
  /** See `VmmConfig`. */
  readonly mayRun: () => Promise<void>;
}
