/** Which VMs a test, or a whole file, made: so that they can be shown when it fails, and removed when it is over. */
import { withDeadline } from "../../base/deadline.js";
import { describeError, HarnessError, isHarnessError } from "../../base/errors.js";
import { clockMsOf } from "../../artifacts/clock.js";
import type { RunRecord } from "../../artifacts/run-record.js";
import type { Transition, VirtualMachine, VirtualMachineManager } from "../../virtualmachine/index.js";
import { recordManagerCalls, recordVmCalls, type Busy } from "../../lab/watch/recorded-calls.js";

export interface LedgerEntry {
  readonly vm: VirtualMachine;
  readonly manager: VirtualMachineManager;
  /** Tells VMs of the same name apart in the record of a run. */
  readonly machine: number;
  /** Folder on the device of the app whose VM it is. */
  readonly dataFolder: string;
  /** False for a VM that was on the device before: it is stopped, and stays. */
  readonly made: boolean;
}

let machines = 0;

export class VmLedger {
  readonly #endings: (() => void)[] = [];
  #ofFile: LedgerEntry[] = [];
  #ofTest: LedgerEntry[] | undefined;

  /** @param busy notes what the test that calls is busy with */
  constructor(
    private readonly record: RunRecord | undefined,
    private readonly busy: Busy = (_what, work) => work(),
  ) {}

  /** Notes every VM object that the manager hands out from now on. */
  watch(manager: VirtualMachineManager, dataFolder: string): void {
    if (this.record) recordManagerCalls(this.record, this.busy, manager);
    this.#endings.push(manager.subscribe((vm) => this.#add(vm, manager, dataFolder)));
  }

  /** VMs from now on belong to a test. */
  openTest(): void {
    this.#ofTest = [];
  }

  /** Takes the test's VMs out of the ledger. */
  closeTest(): readonly LedgerEntry[] {
    const entries = this.#ofTest ?? [];
    this.#ofTest = undefined;
    return entries;
  }

  /** Takes all VMs out of the ledger; no more are noted. */
  closeFile(): readonly LedgerEntry[] {
    for (const end of this.#endings.splice(0)) end();
    const entries = this.entries();
    this.#ofFile = [];
    this.#ofTest = undefined;
    return entries;
  }

  /** All that are known now, the file's first. */
  entries(): readonly LedgerEntry[] {
    return [...this.#ofFile, ...(this.#ofTest ?? [])];
  }

  #add(vm: VirtualMachine, manager: VirtualMachineManager, dataFolder: string): void {
    const entry = { vm, manager, dataFolder, machine: ++machines, made: vm.transitions[0]?.cause.kind !== "loaded" };
    (this.#ofTest ?? this.#ofFile).push(entry);
    if (this.record) recordMachine(this.record, this.busy, entry);
  }
}

/** Stops VMs and deletes those that were made, all at once. Goes on past failures and returns them. */
export async function removeVms(entries: readonly LedgerEntry[], timeoutMs: number): Promise<readonly unknown[]> {
  const results = await Promise.allSettled(entries.map((entry) => removeVm(entry, timeoutMs)));
  return results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
}

async function removeVm({ vm, manager, made }: LedgerEntry, timeoutMs: number): Promise<void> {
  const name = vm.getName();
  try {
    await withDeadline("its end", { timeoutMs }, async () => {
      await vm.close();
      if (made && vm.status !== "DELETED") await manager.delete(name).catch(unlessDeleted);
    });
  } catch (cause) {
    const message = `VM "${name}" was left behind and could not be removed: ${describeError(cause)}`;
    // What broke in a lab reports it; a VM that does not end in time is the VM's failure.
    const isLab = isHarnessError(cause) && cause.kind === "infrastructure" && cause.code !== "TIMEOUT";
    throw new HarnessError(isLab ? "infrastructure" : "vm", "VM_LEFT", message, { cause });
  }
}

/** Somebody else was quicker. */
function unlessDeleted(error: unknown): void {
  if (!isHarnessError(error) || error.code !== "VM_DELETED") throw error;
}

function recordMachine(record: RunRecord, busy: Busy, { vm, machine }: LedgerEntry): void {
  const name = vm.getName();
  recordVmCalls(record, busy, vm, { vm: name, machine });
  record.add({ kind: "vm-created", vm: name, machine, config: vm.getConfig().fields });
  const transition = ({ status, cause, run, atMs }: Transition): void =>
    record.add({ kind: "vm-transition", vm: name, machine, status, run, cause }, clockMsOf(atMs));
  vm.transitions.forEach(transition);
  vm.transitionLog.subscribe(transition);
  vm.events.subscribe(({ event, atMs }) => {
    const { kind, ...detail } = event;
    record.add({ kind: "vm-event", vm: name, machine, event: kind, detail }, clockMsOf(atMs));
  });
  vm.boot.log.subscribe(({ stage, afterMs, run, evidence, atMs }) =>
    record.add({ kind: "vm-boot-stage", vm: name, machine, stage, afterMs, run, evidence }, clockMsOf(atMs)),
  );
  vm.output.subscribe(({ stream, text, atMs }) =>
    record.add({ kind: "vm-output", vm: name, machine, stream, line: text }, clockMsOf(atMs)),
  );
}
