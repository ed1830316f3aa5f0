/**
 * What the lifecycle library needs of the side that runs VMs. Mirrors `IVirtualizationService` and `IVirtualMachine`
 * (Android 15, virtualizationservice/aidl), as far as the `vm` tool offers them.
 */
import type { DeviceCallOptions } from "../device/contract.js";
import { SERVICE_DEATH_REASONS } from "../base/vm/death-reasons.js";
import type { ToolAbilities } from "./abilities/parse-help.js";
import type { RunFlags } from "./abilities/run-options.js";
import type { GdbDoor } from "./gdb/gdb-door.js";
import type { RawImage } from "./raw/raw-config.js";
import type { HarnessError } from "../base/errors.js";

/** `VirtualMachineState` of the service. */
export type VmState = "NOT_STARTED" | "STARTING" | "STARTED" | "READY" | "FINISHED" | "DEAD";

/** Codes of `onError`, by AIDL name; an unknown code keeps what the device said. */
export type VmErrorCode =
  | { readonly kind: "known"; readonly name: keyof typeof VM_ERROR_CODES; readonly value: number }
  | { readonly kind: "unrecognised"; readonly raw: string };

export const VM_ERROR_CODES = {
  UNKNOWN: 0,
  PAYLOAD_VERIFICATION_FAILED: 1,
  PAYLOAD_CHANGED: 2,
  PAYLOAD_INVALID_CONFIG: 3,
} as const;

/** `DeathReason` of Android 15, and -1 for a service that died itself. */
export const DEATH_REASONS = {
  VIRTUALIZATION_SERVICE_DIED: -1,
  ...SERVICE_DEATH_REASONS,
} as const;

export type DeathReason =
  | { readonly kind: "known"; readonly name: keyof typeof DEATH_REASONS; readonly value: number }
  | { readonly kind: "unrecognised"; readonly raw: string };

/** What a running VM reports, in the order it happened. `died` is the last one and comes exactly once. */
export type VmEvent =
  | { readonly kind: "state"; readonly state: VmState }
  | { readonly kind: "console"; readonly chunk: Buffer }
  | { readonly kind: "log"; readonly chunk: Buffer }
  | { readonly kind: "payload-started" }
  | { readonly kind: "payload-ready" }
  | { readonly kind: "payload-finished"; readonly exitCode: number }
  | { readonly kind: "error"; readonly code: VmErrorCode; readonly message: string }
  | { readonly kind: "died"; readonly reason: DeathReason };

export type VmPayload =
  { readonly kind: "config"; readonly configPath: string } | { readonly kind: "binary"; readonly binaryName: string };

/** What VMs of either kind are asked for. All paths are on the device, and the files are there already. */
export interface CommonVmConfig extends RunFlags {
  readonly name: string;
  readonly debugLevel: "none" | "full";
  readonly protectedVm: boolean;
  /** Undefined: the OS default, 256 MiB. */
  readonly memoryMib: number | undefined;
  /** A number where the tool takes one (Android 16), or has an option of its own for it (13). */
  readonly cpuTopology: "one_cpu" | "match_host" | { readonly count: number };
  readonly consoleInput: boolean;
  readonly networkSupported: boolean;
  /** Starts the gdb stub of the VM's monitor. For VMs that are debuggable and not protected. */
  readonly gdb?: boolean;
  /** Transparent huge pages: a hint to the kernel. */
  readonly hugePages?: boolean;
  /**
   * Folder for files that live only as long as this run (console, log), made by `prepareRun`; the caller removes it.
   */
  readonly scratchPath: string;
}

/** `VirtualMachineRawConfig`: a VM of its own kernel or firmware. */
export interface RawVmConfig extends CommonVmConfig {
  readonly image: RawImage;
}

/** `VirtualMachineAppConfig`: Microdroid, with a payload out of an APK. */
export interface AppVmConfig extends CommonVmConfig {
  readonly apkPath: string;
  readonly idsigPath: string;
  readonly instanceImagePath: string;
  /** Present where the service uses instance ids (LLPVM_CHANGES). */
  readonly instanceIdPath: string | undefined;
  readonly payload: VmPayload;
  readonly extraApks: readonly { readonly apkPath: string; readonly idsigPath: string }[];
  readonly encryptedStorage: { readonly path: string; readonly sizeBytes: number } | undefined;
  readonly osName: string;
  readonly vendorImagePath: string | undefined;
}

export type { RawImage };

export type VmConfig = AppVmConfig | RawVmConfig;

export interface RunningVm {
  readonly cid: number;
  /** The way to its gdb stub, for one that was started with it. It ends with the VM. */
  readonly gdb?: GdbDoor | undefined;
  state(): VmState;
  /** Kills the VM and waits until it is gone. */
  stop(): Promise<void>;
  /** Settles with the reason once the `died` event was delivered. Never rejects. */
  readonly died: Promise<DeathReason>;
  /** Sends bytes to the console; undefined when the VM was started without console input. */
  readonly writeConsole: ((bytes: Uint8Array) => Promise<void>) | undefined;
  /** A connection to a guest port, as a host socket. The caller ends it. Rejects with `VSOCK_REFUSED` when nothing listens. */
  connectVsock(port: number, signal?: AbortSignal): Promise<import("node:net").Socket>;
  /**
   * For a VM that was resumed: begins to deliver what it prints. Not sooner than the others that are resumed with it, which
   * the device would let wait for what follows this one. Repeatable.
   */
  follow(): void;
  /** What is needed to continue with the VM after a restore of its device to this moment. */
  bookmark(): VmBookmark;
  /**
   * Detaches from the VM without events, and ends every process of ours for it: its device is about to be restored, and
   * its end, if it is one, is nobody's. No further event is delivered, and `died` never settles.
   */
  disown(): Promise<void>;
}

/** How far a running VM was followed. Plain data, because another process may continue. */
export interface VmBookmark {
  readonly name: string;
  readonly cid: number;
  readonly consoleInput: boolean;
  /** As in `AppVmConfig`. */
  readonly scratchPath: string;
  /** Bytes that were delivered. */
  readonly consoleBytes: number;
  readonly logBytes: number;
}

export interface VmDebugInfo {
  readonly cid: number;
  readonly temporaryDirectory: string;
  readonly requesterUid: number;
  readonly requesterPid: number;
  /** Since Android 16. */
  readonly name: string | undefined;
  /** Path on the device of the terminal that is the VM's console, since Android 16, for VMs that have one. */
  readonly hostConsoleName: string | undefined;
}

export interface ServiceCapabilities {
  readonly protectedVm: boolean;
  readonly nonProtectedVm: boolean;
  /** Release of the dialect in use: 13, 14, 15… */
  readonly androidRelease: number;
  readonly sdk: number;
  readonly supportedOsList: readonly string[];
  /** CPUs of the device. */
  readonly cpuCount: number;
  /** Undefined for another than these. */
  readonly architecture?: "x86_64" | "arm64" | undefined;
  readonly encryptedStorage: boolean;
  readonly cpuTopology: boolean;
  readonly features: ReadonlySet<string>;
  readonly hypervisorVersion: string | undefined;
  /** What `vm info` of Android 16 says of it. */
  readonly debugPolicy: string | undefined;
  /** What the `vm` tool takes, as its help says. */
  readonly tool: ToolAbilities;
}

export type PartitionType = "raw" | "instance" | "encryptedstore";

/** Files on the side where VMs run. Paths are absolute there. */
export interface RemoteFiles {
  /**
   * Creates exactly this folder, with `mark` in it, by which it can be told from a later folder of that name; false when
   * something of that name is there already. Atomic across processes. Its parents are made, and stay.
   * @param mark letters and digits
   */
  claimFolder(path: string, mark: string): Promise<boolean>;
  /** Takes the mark out of the folder; false when it is not the one that was claimed, or gone. */
  keepClaim(path: string, mark: string): Promise<boolean>;
  /** Removes the folder with all in it if it is the one that was claimed; a later one of that name stays. */
  undoClaim(path: string, mark: string): Promise<void>;
  /**
   * Removes a file of a folder that is claimed and not kept yet. False when there is no such file, or the folder is not the one
   * that was claimed.
   */
  removeClaimed(folder: string, mark: string, name: string): Promise<boolean>;
  ensureFolder(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** Undefined when there is no such file. */
  read(path: string): Promise<Buffer | undefined>;
  /** Its folder must be there: one that another process deletes meanwhile stays deleted. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** @param options `timeoutMs`: default 2 min, for the small files of a VM */
  copy(from: string, to: string, options?: DeviceCallOptions): Promise<void>;
  /** Removes a file, or a folder with all in it, without following links; nothing there is fine. */
  remove(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
}

/** Failures of the service are `ServiceError`s with the tool's own words. */
export interface VirtualizationService {
  readonly files: RemoteFiles;
  capabilities(): Promise<ServiceCapabilities>;
  isFeatureEnabled(feature: string): Promise<boolean>;
  initializeWritablePartition(path: string, sizeBytes: number, type: PartitionType): Promise<void>;
  createOrUpdateIdsigFile(apkPath: string, idsigPath: string): Promise<void>;
  /**
   * Makes the folder of a run to come, for what its VM will print. What it lies in must be there, and it itself must not.
   */
  prepareRun(scratchPath: string): Promise<void>;
  /**
   * Creates and starts a VM whose run was prepared. `listener` gets each event from the very first on; it must not throw. Resolves when the VM
   * process runs and its CID is known, rejects when it could not be started.
   */
  startVm(config: VmConfig, listener: (event: VmEvent) => void, signal?: AbortSignal): Promise<RunningVm>;
  /**
   * Goes on with a VM that runs on a device which was put back to the moment of the bookmark. `listener` gets what comes
   * after it, console and log from `RunningVm.follow()` on; `told` is what came before, for the device tells all of it again.
   */
  resumeVm(
    bookmark: VmBookmark,
    told: readonly VmEvent[],
    listener: (event: VmEvent) => void,
    signal?: AbortSignal,
  ): Promise<RunningVm>;
  listVms(): Promise<readonly VmDebugInfo[]>;
}

export type ServiceError = HarnessError;
