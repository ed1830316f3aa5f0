/** What a VM does, under the lock of the object: guards, start, end, config. The public face is machine.ts. */
import type { Socket } from "node:net";
import { connectToGuest, type ConnectVsockOptions } from "./run/connect-vsock.js";
import { Status } from "./constants.js";
import { report } from "./context.js";
import { addressOf, checkRunOptions, type GdbAddress, type RunOptions } from "./gdb/gdb-options.js";
import { AsyncLock } from "../base/async/async-lock.js";
import { VirtualMachineException, requireNonNull } from "./errors.js";
import { writeConfigXml } from "./config/xml/config-xml.js";
import { VirtualMachineDescriptor } from "./files/descriptor.js";
import { readSurroundings, VmJournal } from "./journal/journal.js";
import { OpenDescriptors } from "./files/open-descriptors.js";
import { requireFiles } from "./files/require-files.js";
import { checkTenants } from "./run/extra-apks.js";
import { findRunApks } from "./run/run-apks.js";
import { VmRuns } from "./run/vm-runs.js";
import type { VmIdentity } from "./files/vm-identity.js";
import { traitsOf } from "../base/android-release.js";
import { describeError } from "../base/errors.js";
import { isCompatible } from "./config/compatible.js";
import type { VirtualMachineConfig } from "./config/config.js";
import type { VmContext } from "./context.js";
import type { TransitionCause } from "./journal/record.js";
import type { VmPast } from "./journal/past.js";
import type { VmFolder } from "./files/vm-folder.js";

export class MachineControl {
  readonly context: VmContext;
  readonly name: string;
  readonly folder: VmFolder;
  readonly journal: VmJournal;
  #lock = new AsyncLock();
  readonly #identity: VmIdentity;
  #config: VirtualMachineConfig;
  readonly #runs: VmRuns;
  #wasReplaced = false;
  readonly #descriptors = new OpenDescriptors();

  constructor(identity: VmIdentity) {
    this.#identity = identity;
    this.context = identity.context;
    this.name = identity.name;
    this.folder = identity.folder;
    this.#config = identity.config;
    const surroundings = readSurroundings(identity.context, () => this.#config);
    this.journal = new VmJournal(identity.name, identity.cause, surroundings, (error) => this.#onListenerError(error));
    this.#runs = new VmRuns(identity.context, this.journal, () => {
      if (this.#wasReplaced) this.markDeleted({ kind: "files-removed" });
    });
  }

  get input(): VmRuns["input"] {
    return this.#runs.input;
  }

  get config(): VirtualMachineConfig {
    return this.#config;
  }

  get gdb(): GdbAddress | undefined {
    return addressOf(this.#runs.handle?.gdb);
  }

  get cid(): number | undefined {
    return this.#runs.handle?.cid;
  }

  async getStatus(): Promise<Status> {
    if (this.#isDeleted() || this.#isRunning()) return this.#statusNow();
    if (!(await this.#filesExist()) && !this.#isRunning()) this.markDeleted({ kind: "files-removed" });
    return this.#statusNow();
  }

  async run({ signal, ...options }: RunOptions): Promise<void> {
    await this.#lock.run(async () => {
      const identity = this.#identity;
      const asked = await checkRunOptions(identity, this.#config, options);
      // Both are a look at the device; what the check says counts first.
      const apks = findRunApks(identity, this.#config);
      const looked = apks.catch(() => undefined);
      try {
        await this.#checkStopped();
        signal?.throwIfAborted();
      } catch (error) {
        await looked;
        throw error;
      }
      await this.#runs.start({ identity, config: this.#config, apks, ...asked }, signal);
    });
  }

  async stop(): Promise<void> {
    await this.whileRunning(() => this.#runs.end(this.name));
  }

  async close(): Promise<void> {
    await this.#lock.run(async () => {
      try {
        await this.#runs.end(this.name);
      } catch (error) {
        // It died by itself while we asked: that is what close() is for.
        if (this.#isRunning()) throw error;
      }
    });
  }

  async setConfig(config: VirtualMachineConfig): Promise<VirtualMachineConfig> {
    requireNonNull(config, "config");
    return this.#lock.run(async () => {
      const old = this.#config;
      const { release, unknownConfig } = this.#identity;
      const shrinks = config.getEncryptedStorageBytes() < old.getEncryptedStorageBytes();
      if (!isCompatible(old.fields, config.fields, release) || shrinks)
        throw this.#exception("INCOMPATIBLE_CONFIG", "incompatible config");
      await this.#checkStopped();
      if (config === old) return old;
      try {
        const xml = writeConfigXml(config, { release, unknown: unknownConfig });
        await this.context.service.files.write(this.folder.config, xml);
      } catch (cause) {
        throw this.#exception("CONFIG_WRITE_FAILED", "failed to write VM config", cause);
      }
      await checkTenants(this.context, release, config, old);
      this.#config = config;
      return old;
    });
  }

  async connectVsock(port: number, options?: ConnectVsockOptions): Promise<Socket> {
    const handle = await this.#lock.run(async () => {
      if (this.#runs.handle) return this.#runs.handle;
      if ((await this.getStatus()) === Status.DELETED) throw this.#exception("VM_DELETED", "VM has been deleted");
      throw this.#exception("VM_NOT_RUNNING", "VM is not in running state");
    });
    return connectToGuest(handle, port, this.journal, options);
  }

  async toDescriptor(): Promise<VirtualMachineDescriptor> {
    return this.whileStopped(async () => {
      const { folder } = this;
      const { usesInstanceId, hasStorage } = this.#identity;
      const files = {
        configXml: await requireFiles(this.#identity),
        instanceId: usesInstanceId ? folder.instanceId : undefined,
        instanceImage: folder.instanceImage,
        encryptedStorage: hasStorage ? folder.storage : undefined,
      };
      return this.#descriptors.add(VirtualMachineDescriptor.fromParcel(files));
    });
  }

  /** Lets go of the files for good: open descriptors of them keep copies. */
  async removeFiles(): Promise<void> {
    this.markDeleted({ kind: "delete" });
    await this.#descriptors.putAside(this.context);
    await this.context.service.files.remove(this.folder.root);
  }

  /** Runs `work` under the lock, in STOPPED. @throws VirtualMachineException */
  async whileStopped<T>(work: () => Promise<T>): Promise<T> {
    return this.#lock.run(async () => {
      await this.#checkStopped();
      return work();
    });
  }

  /** Runs `work` under the lock. @throws VirtualMachineException unless the VM runs */
  async whileRunning(work: () => void | Promise<void>): Promise<void> {
    await this.#lock.run(async () => {
      if (!this.#isRunning()) throw this.#exception("VM_NOT_RUNNING", "VM is not running");
      await work();
    });
  }

  /** For ever, even when the name is used again. */
  markDeleted(cause: TransitionCause): void {
    this.journal.deleted(cause);
    if (cause.kind === "files-removed") this.#descriptors.lose();
  }

  /**
   * The name now belongs to another VM, whose files replaced ours. A VM can continue without its files; once it
   * stops, it is gone for good.
   */
  replaced(): void {
    this.#descriptors.lose();
    if (this.#isRunning()) this.#wasReplaced = true;
    else this.markDeleted({ kind: "files-removed" });
  }

  past(): VmPast {
    return { name: this.name, journal: this.journal.past(), running: this.#runs.handle?.bookmark() };
  }

  /** The device is about to be put back to some checkpoint. */
  leave(): Promise<void> {
    return this.#runs.leave();
  }

  /** The device is where it was then; so is the VM, from now on. */
  async rewind({ journal, running }: VmPast, config: VirtualMachineConfig, checkpoint: string): Promise<void> {
    this.#lock = new AsyncLock();
    this.#config = config;
    this.#wasReplaced = false;
    this.journal.rewind(journal, checkpoint);
    await this.#runs.rewind(journal, running, config.isVmOutputCaptured());
  }

  /** Delivers what it prints since. */
  follow(): void {
    this.#runs.follow();
  }

  async #checkStopped(): Promise<void> {
    if (this.#isDeleted()) throw this.#exception("VM_DELETED", "VM has been deleted");
    const hasFiles = await this.#filesExist();
    const isRunning = this.#isRunning();
    if (!hasFiles && !isRunning) this.markDeleted({ kind: "files-removed" });
    if (!hasFiles && !(isRunning && traitsOf(this.#identity.release).library.runsWithoutFolder)) {
      throw this.#exception("VM_DELETED", "VM has been deleted");
    }
    if (isRunning) throw this.#exception("VM_NOT_STOPPED", "VM is not in stopped state");
    await this.#runs.settled();
  }

  #isDeleted(): boolean {
    return this.journal.status === Status.DELETED;
  }

  #isRunning(): boolean {
    return this.#runs.handle !== undefined;
  }

  #statusNow(): Status {
    if (this.#isDeleted()) return Status.DELETED;
    return this.#isRunning() ? Status.RUNNING : Status.STOPPED;
  }

  async #filesExist(): Promise<boolean> {
    return this.context.service.files.exists(this.folder.root);
  }

  #exception(code: string, message: string, cause?: unknown): VirtualMachineException {
    return new VirtualMachineException(code, message, { vmName: this.name, cause });
  }

  #onListenerError(error: unknown): void {
    report(this.context, `a listener of VM "${this.name}" threw: ${describeError(error)}`);
  }
}
