/**
 * Random calls on VMs, each made on the model and on the library; the results have to be the same. Unit tests run them on
 * a service in memory, suites on a device: the library is passed as a value, because the two import it differently.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import type { AsyncCommand } from "fast-check";
import type { isHarnessError, VirtualMachine, VirtualMachineConfig, VirtualMachineManager } from "jest-avf";
import type { LifecycleModel, ModelVm, Name, Process } from "./lifecycle-model";

/** The library, with two managers that know nothing of each other, as in two processes. */
export interface RealSide {
  readonly isHarnessError: typeof isHarnessError;
  readonly config: VirtualMachineConfig;
  readonly managers: Readonly<Record<Process, VirtualMachineManager>>;
  /** Objects in the order they were returned. */
  readonly vms: VirtualMachine[];
  /** Lets a running VM end by itself. */
  readonly die: (vm: VirtualMachine) => Promise<void>;
  readonly removeFiles: (name: Name) => Promise<void>;
}

export type Command = AsyncCommand<LifecycleModel, RealSide>;

type NameCall = (model: LifecycleModel, process: Process, name: Name) => string;
type RealNameCall = (manager: VirtualMachineManager, name: Name, config: VirtualMachineConfig) => Promise<unknown>;
type ObjectCall = (model: LifecycleModel, vm: ModelVm) => string;
type RealObjectCall = (vm: VirtualMachine, real: RealSide, process: Process) => Promise<unknown>;

/** Calls by name; those that make scripts interesting are listed more than once. */
const NAME_CALLS: readonly (readonly [string, NameCall, RealNameCall])[] = [
  ["create", (m, p, n) => m.create(p, n), (manager, n, config) => manager.create(n, config)],
  ["create", (m, p, n) => m.create(p, n), (manager, n, config) => manager.create(n, config)],
  ["get", (m, p, n) => m.get(p, n), (manager, n) => manager.get(n)],
  ["getOrCreate", (m, p, n) => m.getOrCreate(p, n), (manager, n, config) => manager.getOrCreate(n, config)],
  ["delete", (m, p, n) => m.deleteByName(p, n), (manager, n) => manager.delete(n)],
];

const OBJECT_CALLS: readonly (readonly [string, ObjectCall, RealObjectCall])[] = [
  ["run()", (m, vm) => m.run(vm), (vm) => vm.run()],
  ["run()", (m, vm) => m.run(vm), (vm) => vm.run()],
  ["run()", (m, vm) => m.run(vm), (vm) => vm.run()],
  ["stop()", (m, vm) => m.stop(vm), (vm) => vm.stop()],
  ["close()", (m, vm) => m.close(vm), (vm) => vm.close()],
  ["delete()", (m, vm) => m.delete(vm), (vm) => vm.delete()],
  ["getStatus()", (m, vm) => m.status(vm), (vm) => vm.getStatus()],
  ["setConfig(config)", (m, vm) => m.setConfig(vm), setSameConfig],
  ["connectVsock(5678)", (m, vm) => m.connectVsock(vm), connect],
  ["die()", (m, vm) => (m.die(vm), "ok"), (vm, real) => real.die(vm)],
  ["moveTo vm1", (m, vm) => m.import(vm, "vm1"), (vm, real, process) => importInto(vm, "vm1", real, process)],
  ["moveTo vm2", (m, vm) => m.import(vm, "vm2"), (vm, real, process) => importInto(vm, "vm2", real, process)],
];

/** Scripts over two names and two processes. */
export function lifecycleCommands(maxCommands: number): fc.Arbitrary<Iterable<Command>> {
  const name = fc.constantFrom<Name>("vm1", "vm2");
  const byName = fc.tuple(fc.constantFrom<Process>("a", "b"), name);
  return fc.commands(
    [
      ...NAME_CALLS.map(([method, inModel, inReality]) =>
        byName.map(([process, n]) => {
          const call = (real: RealSide): Promise<unknown> => inReality(real.managers[process], n, real.config);
          return new NamedCall(`await ${process}.${method}("${n}")`, (model) => inModel(model, process, n), call);
        }),
      ),
      name.map((n) => {
        const inModel = (model: LifecycleModel): string => (model.removeFiles(n), "ok");
        return new NamedCall(`await removeFiles("${n}")`, inModel, (real) => real.removeFiles(n));
      }),
      ...OBJECT_CALLS.map(([call, inModel, inReality]) =>
        fc.nat(7).map((age) => new CallOnObject(age, call, inModel, inReality)),
      ),
    ],
    { maxCommands, size: "max" },
  );
}

/** Commands print themselves as lines of a test, so that a failing script can be pasted into one. */
class NamedCall implements Command {
  constructor(
    private readonly line: string,
    private readonly inModel: (model: LifecycleModel) => string,
    private readonly inReality: (real: RealSide) => Promise<unknown>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(model: LifecycleModel, real: RealSide): Promise<void> {
    await compare(this.line, real, this.inModel(model), () => this.inReality(real));
  }

  toString(): string {
    return `${this.line};`;
  }
}

class CallOnObject implements Command {
  #index: number | undefined;

  constructor(
    private readonly age: number,
    private readonly call: string,
    private readonly inModel: ObjectCall,
    private readonly inReality: RealObjectCall,
  ) {}

  check(model: Readonly<LifecycleModel>): boolean {
    return model.vms.length > 0;
  }

  async run(model: LifecycleModel, real: RealSide): Promise<void> {
    const index = model.vms.length - 1 - (this.age % model.vms.length);
    this.#index = index;
    const inModel = model.vms[index]!;
    const expected = this.inModel(model, inModel);
    await compare(this.toString(), real, expected, () => this.inReality(real.vms[index]!, real, inModel.process));
  }

  toString(): string {
    return `await vms[${this.#index ?? "?"}].${this.call};`;
  }
}

async function compare(line: string, real: RealSide, expected: string, call: () => Promise<unknown>): Promise<void> {
  assert.equal(await outcome(real, call), expected, line);
  for (const [i, vm] of real.vms.entries()) checkHistory(vm, `vms[${i}]`);
}

async function setSameConfig(vm: VirtualMachine, real: RealSide): Promise<void> {
  await vm.setConfig(real.config);
}

/** Whether something in the guest listens depends on the payload; only the attempt counts. */
async function connect(vm: VirtualMachine, real: RealSide): Promise<void> {
  try {
    (await vm.connectVsock(5678)).destroy();
  } catch (error) {
    if (!real.isHarnessError(error) || error.code !== "VSOCK_REFUSED") throw error;
  }
}

/** A descriptor whose import is refused stays open, and no longer has an owner. */
async function importInto(vm: VirtualMachine, name: Name, real: RealSide, process: Process): Promise<VirtualMachine> {
  await using descriptor = await vm.toDescriptor();
  // Awaited here, or the descriptor would be closed before it is read.
  return await real.managers[process].importFromDescriptor(name, descriptor);
}

async function outcome(real: RealSide, call: () => Promise<unknown>): Promise<string> {
  try {
    const value = await call();
    if (value === undefined) return "ok";
    if (value === null || typeof value === "string") return String(value);
    const vm = value as VirtualMachine;
    if (!real.vms.includes(vm)) real.vms.push(vm);
    return `object ${real.vms.indexOf(vm)}`;
  } catch (error) {
    if (real.isHarnessError(error)) return error.code;
    throw error;
  }
}

/** STOPPED first, DELETED at most once and last, nothing twice in a row, times that grow. */
function checkHistory(vm: VirtualMachine, who: string): void {
  const history = vm.transitions.map(({ status }) => status).join(" ");
  assert.match(history, /^STOPPED( RUNNING STOPPED)*( RUNNING| DELETED)?$/, who);
  assert.equal(vm.status, vm.transitions.at(-1)?.status, who);
  const times = vm.transitions.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((x, y) => x - y),
    who,
  );
}
