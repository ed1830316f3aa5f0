/** A virtual machine. Mirrors VirtualMachine.java of Android 15, with the first API's methods beside. */
import type { GdbAddress, RunOptions } from "./gdb/gdb-options.js";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import * as constants from "./constants.js";
import { Status } from "./constants.js";
import { VirtualMachineException, requireNonNull } from "./errors.js";
import { callBack, checkCallback, directExecutor } from "./callback.js";
import { MachineControl } from "./machine-control.js";
import { ObservedMachine } from "./machine/observed-machine.js";
import type { CallbackOf, Executor } from "./callback.js";
import type { VirtualMachineConfig } from "./config/config.js";
import type { ConnectVsockOptions } from "./run/connect-vsock.js";
import type { VirtualMachineDescriptor } from "./files/descriptor.js";
import type { VmIdentity } from "./files/vm-identity.js";
import type { VmOutput } from "./lines/output.js";
import type { EventHistory, RecordedEvent, Transition } from "./journal/record.js";

/** In TypeScript each method may be left out. Codes come as Java's numbers, and as the device said them. */
export type VirtualMachineCallback = CallbackOf<VirtualMachine>;

/** Get one from a `VirtualMachineManager`. */
export class VirtualMachine extends ObservedMachine {
  static readonly STATUS_STOPPED = constants.STATUS_CODES.STOPPED;
  static readonly STATUS_RUNNING = constants.STATUS_CODES.RUNNING;
  static readonly STATUS_DELETED = constants.STATUS_CODES.DELETED;
  static readonly MIN_VSOCK_PORT = constants.MIN_VSOCK_PORT;
  static readonly MAX_VSOCK_PORT = constants.MAX_VSOCK_PORT;

  readonly #control: MachineControl;
  #endCallback: (() => void) | undefined;

  /** @internal For the manager. */
  static of(identity: VmIdentity, deleteSelf: (vm: VirtualMachine) => Promise<void>): VirtualMachine {
    return new VirtualMachine(identity, deleteSelf);
  }

  private constructor(
    identity: VmIdentity,
    private readonly deleteSelf: (vm: VirtualMachine) => Promise<void>,
  ) {
    super();
    this.#control = new MachineControl(identity);
  }

  /** @internal For the manager, which holds the lock that deletion needs, and for matchers. */
  override get control(): MachineControl {
    return this.#control;
  }

  getName(): string {
    return this.#control.name;
  }

  getConfig(): VirtualMachineConfig {
    return this.#control.config;
  }

  /** Folder of the VM on the device. */
  getRootDir(): string {
    return this.#control.folder.root;
  }

  /** Asks the device whether the files of a stopped VM are still there; without them it is DELETED, for good. */
  async getStatus(): Promise<Status> {
    return this.#control.getStatus();
  }

  /** Status as far as events tell: at once, and without noticing files removed behind the library's back. */
  get status(): Status {
    return this.#control.journal.status;
  }

  /** First API: the CID of this run; undefined unless RUNNING. Each run gets a new one. */
  async getCid(): Promise<number | undefined> {
    return this.cid;
  }

  /** As `getCid()`, at once. */
  get cid(): number | undefined {
    return this.#control.cid;
  }

  /** Starts the VM. Needs STOPPED. When it returns the VM process runs; the guest has yet to boot. */
  async run(options: RunOptions = {}): Promise<void> {
    await this.#control.run(options);
  }

  /** Where gdb reaches the guest, `127.0.0.1:PORT`; undefined unless it runs after `run({ gdb: true })`. */
  get gdb(): GdbAddress | undefined {
    return this.#control.gdb;
  }

  /**
   * Kills a running VM and waits until it is gone; `onStopped` comes with KILLED.
   * @throws VirtualMachineException `VM is not running`
   */
  async stop(): Promise<void> {
    await this.#control.stop();
  }

  /** Stops the VM if it runs. Repeatable; a VM that is stopped, dead or deleted is fine. */
  async close(): Promise<void> {
    await this.#control.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** First API: as `VirtualMachineManager.delete`. Needs STOPPED. @throws VirtualMachineException */
  async delete(): Promise<void> {
    await this.deleteSelf(this);
  }

  /**
   * Replaces the config of a stopped VM and returns the old one.
   * @throws VirtualMachineException `incompatible config`; then as `run`
   */
  async setConfig(config: VirtualMachineConfig): Promise<VirtualMachineConfig> {
    return this.#control.setConfig(config);
  }

  /**
   * Connects to a port of the guest; needs RUNNING. The caller ends the socket. See docs/vsock.md.
   * @throws VirtualMachineException `VSOCK_REFUSED` when nothing listens there, IllegalArgumentException; VmWaitError when
   * the VM ends while a refused connection is tried again
   */
  async connectVsock(port: number, options?: ConnectVsockOptions): Promise<Socket> {
    return this.#control.connectVsock(port, options);
  }

  /**
   * What the guest prints, over all runs: it does not end when the VM stops. Each call returns the same stream. May be
   * called before `run`. Prefer `consoleLines()` or `output`, which end or keep a history.
   * @throws VirtualMachineException `Capturing vm outputs is turned off`
   */
  getConsoleOutput(): Readable {
    this.#requireCaptured();
    return this.#control.journal.console.reader();
  }

  /** First API's name of `getConsoleOutput`. */
  getConsoleOutputStream(): Readable {
    return this.getConsoleOutput();
  }

  /** As `getConsoleOutput`, for the guest's log. */
  getLogOutput(): Readable {
    this.#requireCaptured();
    return this.#control.journal.log.reader();
  }

  /** Android 13's name of `getLogOutput`. */
  getLogOutputStream(): Readable {
    return this.getLogOutput();
  }

  /** Typed into the guest's console; while the VM is stopped it waits for the next run. @throws VirtualMachineException */
  getConsoleInput(): Writable {
    if (!this.getConfig().isVmConsoleInputSupported()) {
      const options = { vmName: this.getName() };
      throw new VirtualMachineException("CONSOLE_INPUT_OFF", "VM console input is not supported", options);
    }
    return this.#control.input.writer();
  }

  /** A copy of the VM's identity, to be imported under another name or for another app. Needs STOPPED. */
  async toDescriptor(): Promise<VirtualMachineDescriptor> {
    return this.#control.toDescriptor();
  }

  /** Replaces any earlier callback. Java's two-argument form, or a callback alone, which is then called directly. */
  setCallback(executor: Executor, callback: VirtualMachineCallback): void;
  setCallback(callback: VirtualMachineCallback): void;
  setCallback(...args: [Executor, VirtualMachineCallback] | [VirtualMachineCallback]): void {
    const [executor, callback] = args.length === 2 ? args : [directExecutor, args[0]];
    requireNonNull(executor, "executor");
    checkCallback(callback);
    this.clearCallback();
    this.#endCallback = this.events.subscribe(({ event }) => {
      if (event.kind !== "state") executor.execute(() => callBack(callback, this, event));
    });
  }

  clearCallback(): void {
    this.#endCallback?.();
    this.#endCallback = undefined;
  }

  /** Lines of console and log, with times; kept whether or not output is captured. */
  get output(): VmOutput {
    return this.#control.journal.output;
  }

  /** Everything the service reported, with times; `history`, `subscribe`, or `for await`. */
  get events(): EventHistory<RecordedEvent> {
    return this.#control.journal.events;
  }

  /** Every status change so far, beginning with STOPPED. */
  get transitions(): readonly Transition[] {
    return this.#control.journal.transitions.history;
  }

  /** The same, to subscribe to. */
  get transitionLog(): EventHistory<Transition> {
    return this.#control.journal.transitions;
  }

  override toString(): string {
    const { payloadBinaryName, payloadConfigPath } = this.getConfig().fields;
    const payload = payloadBinaryName === undefined ? "" : `payload:${payloadBinaryName}, `;
    const config = payloadConfigPath === undefined ? "" : `config:${payloadConfigPath}, `;
    return `VirtualMachine(name:${this.getName()}, ${payload}${config}package: ${this.#control.context.packageName})`;
  }

  #requireCaptured(): void {
    if (this.getConfig().isVmOutputCaptured()) return;
    const options = { vmName: this.getName() };
    throw new VirtualMachineException("OUTPUT_NOT_CAPTURED", "Capturing vm outputs is turned off", options);
  }
}
