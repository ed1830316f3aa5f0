/** Random calls on VMs, each made on the model and on the library; what they come to has to be the same. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { isHarnessError } from "../../base/errors.js";
import { VirtualMachineConfig } from "../config.js";
import type { AsyncCommand } from "fast-check";
import type { VmContext } from "../context.js";
import type { VirtualMachine } from "../machine.js";
import type { VirtualMachineManager } from "../manager.js";
import type { LifecycleModel, ModelVm, Name, Process } from "./lifecycle-model.js";

/** The library, with two managers that know nothing of each other, as in two processes. */
export interface RealSide {
  readonly contexts: Readonly<Record<Process, VmContext>>;
  readonly managers: Readonly<Record<Process, VirtualMachineManager>>;
  /** Objects in the order they were handed out. */
  readonly vms: VirtualMachine[];
  /** Lets a running VM end by itself. */
  readonly die: (vm: VirtualMachine) => Promise<void>;
  readonly removeFiles: (name: Name) => Promise<void>;
}

type Command = AsyncCommand<LifecycleModel, RealSide>;

/** Prints itself as a line of a test, so that a failing script can be pasted into one. */
class Call implements Command {
  constructor(
    private readonly line: string,
    private readonly inModel: (model: LifecycleModel) => string,
    private readonly inReality: (real: RealSide) => Promise<unknown>,
    private readonly canRun: (model: LifecycleModel) => boolean = () => true,
  ) {}

  check(model: Readonly<LifecycleModel>): boolean {
    return this.canRun(model as LifecycleModel);
  }

  async run(model: LifecycleModel, real: RealSide): Promise<void> {
    const expected = this.inModel(model);
    assert.equal(await outcome(real, () => this.inReality(real)), expected, this.line);
    for (const [i, vm] of real.vms.entries()) checkHistory(vm, `vms[${i}]`);
  }

  toString(): string {
    return `${this.line};`;
  }
}

/** Scripts over two names and two processes. */
export function lifecycleCommands(maxCommands: number): fc.Arbitrary<Iterable<Command>> {
  const byName = fc.tuple(fc.constantFrom<Process>("a", "b"), fc.constantFrom<Name>("vm1", "vm2"));
  const object = fc.nat(5);
  return fc.commands(
    [
      byName.map(([p, n]) =>
        named(
          p,
          n,
          "create",
          (m) => m.create(p, n),
          ({ managers }, config) => managers[p].create(n, config),
        ),
      ),
      byName.map(([p, n]) =>
        named(
          p,
          n,
          "get",
          (m) => m.get(p, n),
          ({ managers }) => managers[p].get(n),
        ),
      ),
      byName.map(([p, n]) =>
        named(
          p,
          n,
          "getOrCreate",
          (m) => m.getOrCreate(p, n),
          ({ managers }, config) => managers[p].getOrCreate(n, config),
        ),
      ),
      byName.map(([p, n]) =>
        named(
          p,
          n,
          "delete",
          (m) => m.deleteByName(p, n),
          ({ managers }) => managers[p].delete(n),
        ),
      ),
      fc.constantFrom<Name>("vm1", "vm2").map((n) => filesRemoved(n)),
      object.map((i) =>
        onObject(
          i,
          "run()",
          (m, vm) => m.run(vm),
          (vm) => vm.run(),
        ),
      ),
      object.map((i) =>
        onObject(
          i,
          "stop()",
          (m, vm) => m.stop(vm),
          (vm) => vm.stop(),
        ),
      ),
      object.map((i) =>
        onObject(
          i,
          "close()",
          (m, vm) => m.close(vm),
          (vm) => vm.close(),
        ),
      ),
      object.map((i) =>
        onObject(
          i,
          "delete()",
          (m, vm) => m.delete(vm),
          (vm) => vm.delete(),
        ),
      ),
      object.map((i) =>
        onObject(
          i,
          "getStatus()",
          (m, vm) => m.status(vm),
          (vm) => vm.getStatus(),
        ),
      ),
      object.map((i) => onObject(i, "setConfig(config)", (m, vm) => m.setConfig(vm), setSameConfig)),
      object.map((i) => onObject(i, "connectVsock(5678)", (m, vm) => m.connectVsock(vm), connect)),
      object.map((i) =>
        onObject(
          i,
          "die()",
          (m, vm) => (m.die(vm), "ok"),
          (vm, real) => real.die(vm),
        ),
      ),
      fc.tuple(object, fc.constantFrom<Name>("vm1", "vm2")).map(([i, n]) =>
        onObject(
          i,
          `import into ${n}`,
          (m, vm) => m.import(vm, n),
          (vm, real) => importInto(vm, n, real),
        ),
      ),
    ],
    { maxCommands, size: "max" },
  );
}

function named(
  process: Process,
  name: Name,
  method: string,
  inModel: (model: LifecycleModel) => string,
  inReality: (real: RealSide, config: VirtualMachineConfig) => Promise<unknown>,
): Command {
  return new Call(`await ${process}.${method}("${name}")`, inModel, (real) =>
    inReality(real, configFor(real.contexts[process])),
  );
}

function onObject(
  index: number,
  call: string,
  inModel: (model: LifecycleModel, vm: ModelVm) => string,
  inReality: (vm: VirtualMachine, real: RealSide) => Promise<unknown>,
): Command {
  return new Call(
    `await vms[${index}].${call}`,
    (model) => inModel(model, model.vms[index]!),
    (real) => inReality(real.vms[index]!, real),
    (model) => index < model.vms.length,
  );
}

function filesRemoved(name: Name): Command {
  return new Call(
    `await removeFiles("${name}")`,
    (m) => (m.removeFiles(name), "ok"),
    (real) => real.removeFiles(name),
  );
}

async function setSameConfig(vm: VirtualMachine, real: RealSide): Promise<void> {
  await vm.setConfig(configFor(real.contexts.a));
}

async function connect(vm: VirtualMachine): Promise<void> {
  (await vm.connectVsock(5678)).destroy();
}

/** A descriptor whose import is refused stays open, and is nobody's any more. */
async function importInto(vm: VirtualMachine, name: Name, real: RealSide): Promise<VirtualMachine> {
  await using descriptor = await vm.toDescriptor();
  // Awaited here, or the descriptor would be closed before it is read.
  return await real.managers[vm.control.context === real.contexts.a ? "a" : "b"].importFromDescriptor(name, descriptor);
}

function configFor(context: VmContext): VirtualMachineConfig {
  return new VirtualMachineConfig.Builder(context, "assets/vm_config.json").build();
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
    if (isHarnessError(error)) return error.code;
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
