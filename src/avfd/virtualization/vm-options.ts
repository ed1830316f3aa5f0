/** What a VM of the service is made with. */
import type { Readable, Writable } from "node:stream";
import type { AndroidRelease } from "../../base/android-release.js";
import type { LogBuffer } from "../log/log-buffer.js";
import type { ConsoleDevice, VmmProcess } from "../vmm/contract.js";
import type { Requester } from "./vm-config.js";

/** Where a VM's output goes and its console input comes from; undefined: nowhere. */
export interface VmStreamEnds {
  readonly consoleOut: Writable | undefined;
  readonly consoleIn: Readable | undefined;
  readonly log: Writable | undefined;
  /** Messages of the monitor itself. */
  readonly messages: Writable | undefined;
}

export interface VirtualMachineOptions {
  readonly cid: number;
  readonly name: string;
  readonly protectedVm: boolean;
  readonly requester: Requester;
  /** Path on the device of its temporary folder. */
  readonly temporaryDirectory: string;
  readonly streams: VmStreamEnds;
  readonly log: LogBuffer;
  readonly androidRelease: AndroidRelease;
  readonly launch: () => Promise<VmmProcess>;
  /** Of the VM after this one, if it is to be prepared. */
  readonly nextCid: () => number | undefined;
  /** Until its payload has started; undefined: for ever. */
  readonly hangupTimeoutMs: number | undefined;
  /** Whether it reports that its payload has started. */
  readonly reportsBoot: boolean;
  /** Device that console input is typed into. */
  readonly consoleInput: ConsoleDevice;
  /** After a crash or a reset: what is known to be wrong with what it was given. */
  readonly explainEnd?: (() => Promise<string | undefined>) | undefined;
  /** Frees what the VM held; runs once, before its death is reported. */
  readonly release: () => Promise<void>;
}
