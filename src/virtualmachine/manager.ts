/** Makes, finds and removes the VMs of one app. Mirrors VirtualMachineManager.java of Android 15. */
import * as constants from "./constants.js";
import { AsyncLock } from "../base/async/async-lock.js";
import { requireNonNull, VirtualMachineException } from "./errors.js";
import { VirtualMachine } from "./machine.js";
import { Notifier } from "./journal/notifier.js";
import { createVm, importVm } from "./files/make-vm.js";
import { loadVm } from "./files/load-vm.js";
import { removeVm } from "./files/remove-vm.js";
import { checkVmName, vmsFolder } from "./files/vm-folder.js";
import { contextRelease } from "./config/capabilities.js";
import { traitsOf } from "../base/android-release.js";
import { describeError } from "../base/errors.js";
import type { VirtualMachineConfig } from "./config/config.js";
import { report, type VmContext } from "./context.js";
import type { VirtualMachineDescriptor } from "./files/descriptor.js";
import type { VmIdentity } from "./files/vm-identity.js";
import type { VmPast } from "./journal/past.js";

/** Held during create, get, getOrCreate, delete and import, whichever manager they go through. */
const processLock = new AsyncLock();
const managers = new WeakMap<VmContext, WeakRef<VirtualMachineManager>>();

/** The VMs of a manager at a moment. */
export interface ManagerMoment {
  /** Plain data: what another process needs to continue with them. */
  readonly past: readonly VmPast[];
  /** The same VMs as this process holds them; empty at first where another process saved the moment. */
  readonly objects: Map<string, { readonly vm: VirtualMachine; readonly config: VirtualMachineConfig }>;
}

export class VirtualMachineManager {
  static readonly CAPABILITY_PROTECTED_VM = constants.CAPABILITY_PROTECTED_VM;
  static readonly CAPABILITY_NON_PROTECTED_VM = constants.CAPABILITY_NON_PROTECTED_VM;
  static readonly FEATURE_DICE_CHANGES = constants.FEATURE_DICE_CHANGES;
  static readonly FEATURE_LLPVM_CHANGES = constants.FEATURE_LLPVM_CHANGES;
  static readonly FEATURE_MULTI_TENANT = constants.FEATURE_MULTI_TENANT;
  static readonly FEATURE_NETWORK = constants.FEATURE_NETWORK;
  static readonly FEATURE_REMOTE_ATTESTATION = constants.FEATURE_REMOTE_ATTESTATION;
  static readonly FEATURE_VENDOR_MODULES = constants.FEATURE_VENDOR_MODULES;

  readonly #context: VmContext;
  readonly #machines = new Map<string, WeakRef<VirtualMachine>>();
  readonly #made: Notifier<VirtualMachine>;

  /** The manager of a context: the same one as long as anybody holds it. @throws NullPointerException */
  static getInstance(context: VmContext): VirtualMachineManager {
    const known = managers.get(requireNonNull(context, "context"))?.deref();
    if (known) return known;
    const manager = new VirtualMachineManager(context);
    managers.set(context, new WeakRef(manager));
    return manager;
  }

  private constructor(context: VmContext) {
    this.#context = context;
    this.#made = new Notifier((error) => report(context, `a listener of the manager threw: ${describeError(error)}`));
  }

  /**
   * Makes a VM: its folder is claimed atomically on the device; all is undone if a later step fails.
   * @throws IllegalArgumentException for a bad name; VirtualMachineException `virtual machine already exists`;
   * UnsupportedOperationException for what the device lacks
   */
  async create(name: string, config: VirtualMachineConfig): Promise<VirtualMachine> {
    checkVmName(name);
    requireNonNull(config, "config");
    return processLock.run(() => this.#create(name, config));
  }

  /** The VM of this name, the same object while it is alive; null when there is none. @throws VirtualMachineException when it is damaged */
  async get(name: string): Promise<VirtualMachine | null> {
    checkVmName(name);
    return processLock.run(() => this.#get(name));
  }

  /** `get`, then `create` if there is none. The config of an existing VM stays as it is. */
  async getOrCreate(name: string, config: VirtualMachineConfig): Promise<VirtualMachine> {
    checkVmName(name);
    requireNonNull(config, "config");
    return processLock.run(async () => (await this.#get(name)) ?? this.#create(name, config));
  }

  /** Removes a stopped VM and all its secrets; works on a damaged one too. @throws VirtualMachineException */
  async delete(name: string): Promise<void> {
    checkVmName(name);
    await processLock.run(() => this.#delete(name, this.#alive(name)));
  }

  /** Makes a VM with the identity of another; closes the descriptor, unless the name is taken. @throws VirtualMachineException */
  async importFromDescriptor(name: string, descriptor: VirtualMachineDescriptor): Promise<VirtualMachine> {
    checkVmName(name);
    requireNonNull(descriptor, "descriptor");
    return processLock.run(async () => {
      await this.#checkFree(name, "import");
      return this.#adopt(name, await importVm(this.#context, name, descriptor));
    });
  }

  /** Bit mask of `CAPABILITY_PROTECTED_VM` and `CAPABILITY_NON_PROTECTED_VM`. */
  async getCapabilities(): Promise<number> {
    const { protectedVm, nonProtectedVm } = await this.#context.service.capabilities();
    const { CAPABILITY_PROTECTED_VM, CAPABILITY_NON_PROTECTED_VM } = constants;
    return (protectedVm ? CAPABILITY_PROTECTED_VM : 0) | (nonProtectedVm ? CAPABILITY_NON_PROTECTED_VM : 0);
  }

  /** Guests the device can run, e.g. `["microdroid"]`. */
  async getSupportedOSList(): Promise<readonly string[]> {
    return (await this.#context.service.capabilities()).supportedOsList;
  }

  /** @param feature one of `FEATURE_*` */
  async isFeatureEnabled(feature: string): Promise<boolean> {
    return this.#context.service.isFeatureEnabled(requireNonNull(feature, "feature"));
  }

  /** Names of the VMs on the device. Not in Java. */
  async list(): Promise<readonly string[]> {
    const folder = vmsFolder(this.#context.dataFolder);
    const { files } = this.#context.service;
    return (await files.exists(folder)) ? files.list(folder) : [];
  }

  /** VM objects of this manager that somebody still holds. Not in Java. */
  liveMachines(): readonly VirtualMachine[] {
    return [...this.#machines.values()].map((ref) => ref.deref()).filter((vm) => vm !== undefined);
  }

  /** Calls back with each VM object made from now on, before anybody else has it. Returns what ends it. Not in Java. */
  subscribe(listener: (vm: VirtualMachine) => void): () => void {
    return this.#made.subscribe(listener);
  }

  /** @internal What is known of the VMs now. */
  moment(): ManagerMoment {
    const vms = this.liveMachines().filter(({ status }) => status !== "DELETED");
    return {
      past: vms.map((vm) => vm.control.past()),
      objects: new Map(vms.map((vm) => [vm.getName(), { vm, config: vm.getConfig() }])),
    };
  }

  /** @internal The device is about to be put back. */
  async leave(): Promise<void> {
    await Promise.all(this.liveMachines().map((vm) => vm.control.leave()));
  }

  /** @internal What VMs print that were taken up again is delivered from now on. */
  follow(): void {
    for (const vm of this.liveMachines()) vm.control.follow();
  }

  /** @internal The device is where it was at that moment. VMs that are not of it are deleted. */
  async rewind(moment: ManagerMoment, checkpoint: string): Promise<void> {
    await processLock.run(async () => {
      const known = this.liveMachines();
      this.#machines.clear();
      await Promise.all(moment.past.map((past) => this.#rewindVm(past, moment, checkpoint)));
      const kept = new Set([...moment.objects.values()].map(({ vm }) => vm));
      for (const vm of known) if (!kept.has(vm)) vm.control.markDeleted({ kind: "restored", checkpoint });
    });
  }

  /** A moment that another process saved has no objects yet. */
  async #rewindVm(past: VmPast, { objects }: ManagerMoment, checkpoint: string): Promise<void> {
    const { name } = past;
    const before = objects.get(name);
    const identity = before ? undefined : await loadVm(this.#context, name);
    const vm = before?.vm ?? (identity && this.#machine(name, identity));
    if (!vm) throw new VirtualMachineException("VM_LOST", "not among the files of its checkpoint", { vmName: name });
    this.#machines.set(name, new WeakRef(vm));
    await vm.control.rewind(past, before?.config ?? vm.getConfig(), checkpoint);
    if (before) return;
    objects.set(name, { vm, config: vm.getConfig() });
    this.#made.emit(vm);
  }

  async #create(name: string, config: VirtualMachineConfig): Promise<VirtualMachine> {
    await this.#checkFree(name, "create");
    return this.#adopt(name, await createVm(this.#context, name, config));
  }

  async #get(name: string): Promise<VirtualMachine | null> {
    const alive = this.#alive(name);
    if (alive && (await alive.getStatus()) !== "DELETED") return alive;
    const identity = await loadVm(this.#context, name);
    return identity ? this.#adopt(name, identity) : null;
  }

  /** Since Android 17 a VM of this manager is told in other words than a folder that is there. */
  async #checkFree(name: string, what: "create" | "import"): Promise<void> {
    const vm = this.#alive(name);
    if (!vm || !traitsOf(await contextRelease(this.#context)).library.saysTakenName) return;
    if ((await vm.getStatus()) === "DELETED") return;
    const message = `Failed to ${what} VirtualMachine with name ${name}. Already exist`;
    throw new VirtualMachineException("VM_EXISTS", message, { vmName: name });
  }

  /** `vm` undefined: nobody holds an object, so that there is nothing to check but the files. */
  async #delete(name: string, vm: VirtualMachine | undefined): Promise<void> {
    await removeVm(this.#context, name, vm?.control);
    if (!vm || this.#machines.get(name)?.deref() === vm) this.#machines.delete(name);
  }

  /** An object that has lost its files to another process is told, before its name stands for a new VM. */
  #adopt(name: string, identity: VmIdentity): VirtualMachine {
    this.#alive(name)?.control.replaced();
    const vm = this.#machine(name, identity);
    this.#machines.set(name, new WeakRef(vm));
    this.#made.emit(vm);
    return vm;
  }

  #machine(name: string, identity: VmIdentity): VirtualMachine {
    return VirtualMachine.of(identity, (self) => processLock.run(() => this.#delete(name, self)));
  }

  #alive(name: string): VirtualMachine | undefined {
    const vm = this.#machines.get(name)?.deref();
    return vm?.status === "DELETED" ? undefined : vm;
  }
}
