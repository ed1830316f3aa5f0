/**
 * The rules of VMs, written a second time and as simply as possible: names, objects of two processes, and the result of
 * each call. Model tests run it beside the library.
 */

export type Process = "a" | "b";
export type Name = "vm1" | "vm2";

export interface ModelVm {
  readonly process: Process;
  readonly name: Name;
  running: boolean;
  deleted: boolean;
  /** Its name was given to a new VM while it ran. */
  replaced: boolean;
}

/** What Android 17 changed, as the traits of releases are named (src/base/releases). */
export interface LifecycleRules {
  /** A name is taken as long as an object of the manager runs, whether or not its folder is there. */
  readonly saysTakenName: boolean;
  /** A VM that runs without its folder is not stopped, rather than deleted. */
  readonly runsWithoutFolder: boolean;
}

const REFUSED = {
  exists: "VM_EXISTS",
  deleted: "VM_DELETED",
  notStopped: "VM_NOT_STOPPED",
  notRunning: "VM_NOT_RUNNING",
  notFound: "VM_NOT_FOUND",
} as const;

/** Each method changes the model and returns the code of the error, or the result of the call. */
export class LifecycleModel {
  /** Every object that was ever returned, in that order. */
  readonly vms: ModelVm[] = [];
  readonly #onDevice = new Set<Name>();
  readonly #table = new Map<string, ModelVm>();

  constructor(private readonly rules: LifecycleRules) {}

  create(process: Process, name: Name): string {
    const known = this.rules.saysTakenName ? this.#alive(process, name) : undefined;
    if (known && this.status(known) !== "DELETED") return REFUSED.exists;
    if (this.#onDevice.has(name)) return REFUSED.exists;
    this.#onDevice.add(name);
    return this.#handOut(process, name);
  }

  get(process: Process, name: Name): string {
    const known = this.#alive(process, name);
    if (known && this.status(known) !== "DELETED") return this.#idOf(known);
    return this.#onDevice.has(name) ? this.#handOut(process, name) : "null";
  }

  getOrCreate(process: Process, name: Name): string {
    const found = this.get(process, name);
    return found === "null" ? this.create(process, name) : found;
  }

  deleteByName(process: Process, name: Name): string {
    const known = this.#alive(process, name);
    if (known) return this.delete(known);
    return this.#onDevice.delete(name) ? "ok" : REFUSED.notFound;
  }

  /** Into `name`, from a descriptor of `source`. */
  import(source: ModelVm, name: Name): string {
    const refusal = this.#stoppedGuard(source);
    return refusal ?? this.create(source.process, name);
  }

  delete(vm: ModelVm): string {
    const refusal = this.#stoppedGuard(vm);
    if (refusal) return refusal;
    vm.deleted = true;
    this.#onDevice.delete(vm.name);
    return "ok";
  }

  run(vm: ModelVm): string {
    const refusal = this.#stoppedGuard(vm);
    if (!refusal) vm.running = true;
    return refusal ?? "ok";
  }

  stop(vm: ModelVm): string {
    if (!vm.running) return REFUSED.notRunning;
    this.die(vm);
    return "ok";
  }

  close(vm: ModelVm): string {
    this.die(vm);
    return "ok";
  }

  setConfig(vm: ModelVm): string {
    return this.#stoppedGuard(vm) ?? "ok";
  }

  connectVsock(vm: ModelVm): string {
    if (vm.running) return "ok";
    return this.status(vm) === "DELETED" ? REFUSED.deleted : REFUSED.notRunning;
  }

  die(vm: ModelVm): void {
    if (vm.running && vm.replaced) vm.deleted = true;
    vm.running = false;
  }

  removeFiles(name: Name): void {
    this.#onDevice.delete(name);
  }

  status(vm: ModelVm): string {
    if (!vm.running && !this.#onDevice.has(vm.name)) vm.deleted = true;
    return vm.deleted ? "DELETED" : vm.running ? "RUNNING" : "STOPPED";
  }

  #stoppedGuard(vm: ModelVm): string | undefined {
    if (vm.deleted || !this.#onDevice.has(vm.name)) {
      if (!vm.running) vm.deleted = true;
      if (vm.deleted || !this.rules.runsWithoutFolder) return REFUSED.deleted;
    }
    return vm.running ? REFUSED.notStopped : undefined;
  }

  #handOut(process: Process, name: Name): string {
    const before = this.#alive(process, name);
    if (before?.running) before.replaced = true;
    else if (before) before.deleted = true;
    const vm = { process, name, running: false, deleted: false, replaced: false };
    this.#table.set(`${process} ${name}`, vm);
    this.vms.push(vm);
    return this.#idOf(vm);
  }

  #alive(process: Process, name: Name): ModelVm | undefined {
    const vm = this.#table.get(`${process} ${name}`);
    return vm?.deleted ? undefined : vm;
  }

  #idOf(vm: ModelVm): string {
    return `object ${this.vms.indexOf(vm)}`;
  }
}
