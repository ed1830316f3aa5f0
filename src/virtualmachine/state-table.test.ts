/** Every method of VirtualMachine in every state a VM can be in, with code and message of each refusal. */
import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "./config/config.js";
import { VirtualMachineManager } from "./manager.js";
import { memoryContext } from "./testing/memory-service.js";
import { outcomeOf } from "./testing/outcome.js";
import type { VirtualMachine } from "./machine.js";
import type { MemoryService } from "./testing/memory-service.js";
import type { VmContext } from "./context.js";

interface Scene {
  readonly vm: VirtualMachine;
  readonly manager: VirtualMachineManager;
  readonly service: MemoryService;
  readonly context: VmContext;
}

const stateNames = [
  "never run",
  "running",
  "stopped again",
  "died by itself",
  "dead, with its last event still on the way",
  "deleted",
  "deleted and made again by another object",
  "files removed behind its back",
  "files removed while running",
] as const;

type State = (scene: Scene) => Promise<void>;

const run: State = async ({ vm, service }) => {
  await vm.run();
  service.vm.started();
};

const states: Readonly<Record<StateName, State>> = {
  "never run": async () => undefined,
  running: run,
  "stopped again": async (scene) => {
    await run(scene);
    await scene.vm.stop();
  },
  "died by itself": async (scene) => {
    await run(scene);
    scene.service.vm.die("CRASH");
  },
  "dead, with its last event still on the way": async (scene) => {
    await run(scene);
    const { vm } = scene.service;
    vm.goDead();
    setTimeout(() => vm.die("CRASH"), 1);
  },
  deleted: async ({ vm }) => vm.delete(),
  "deleted and made again by another object": async ({ vm, manager, context }) => {
    await vm.delete();
    await manager.create("vm1", configOf(context));
  },
  "files removed behind its back": async ({ service, vm }) => service.files.remove(vm.getRootDir()),
  "files removed while running": async (scene) => {
    await run(scene);
    await scene.service.files.remove(scene.vm.getRootDir());
  },
};

type StateName = (typeof stateNames)[number];

function configOf(context: VmContext, memoryBytes?: number): VirtualMachineConfig {
  const builder = new VirtualMachineConfig.Builder(context, "assets/vm_config.json");
  return (memoryBytes === undefined ? builder : builder.setMemoryBytes(memoryBytes)).build();
}

const methods: Readonly<Record<string, (scene: Scene) => unknown>> = {
  getName: ({ vm }) => vm.getName(),
  getRootDir: ({ vm }) => vm.getRootDir(),
  toString: ({ vm }: Scene) => vm.toString(),
  getStatus: ({ vm }) => vm.getStatus(),
  getCid: ({ vm }) => vm.getCid(),
  run: ({ vm }) => vm.run(),
  stop: ({ vm }) => vm.stop(),
  close: ({ vm }) => vm.close(),
  delete: ({ vm }) => vm.delete(),
  "setConfig, compatible": async ({ vm, context }) => void (await vm.setConfig(configOf(context, 1 << 28))),
  "setConfig, incompatible": ({ vm, context }) =>
    vm.setConfig(new VirtualMachineConfig.Builder(context, "assets/other.json").build()),
  connectVsock: async ({ vm }) => void (await vm.connectVsock(5678)),
  "connectVsock, bad port": ({ vm }) => vm.connectVsock(1023),
  toDescriptor: async ({ vm }) => void (await vm.toDescriptor()),
  getConsoleOutput: ({ vm }) => void vm.getConsoleOutput(),
  getLogOutput: ({ vm }) => void vm.getLogOutput(),
  getConsoleInput: ({ vm }) => vm.getConsoleInput(),
  "setCallback, clearCallback": ({ vm }) => {
    vm.setCallback({});
    vm.clearCallback();
  },
};

const DELETED = "VM_DELETED: VM has been deleted";
const NOT_STOPPED = "VM_NOT_STOPPED: VM is not in stopped state";
const STOP_REFUSED = "VM_NOT_RUNNING: VM is not running";
const NOT_RUNNING = "VM_NOT_RUNNING: VM is not in running state";
const INCOMPATIBLE = "INCOMPATIBLE_CONFIG: incompatible config";
const BAD_PORT = "ILLEGAL_ARGUMENT: Bad port 1023";

const everywhere = {
  getName: '"vm1"',
  getRootDir: '"/data/avf/com.example/vm/vm1"',
  toString: '"VirtualMachine(name:vm1, config:assets/vm_config.json, package: com.example)"',
  "setConfig, incompatible": INCOMPATIBLE,
  getConsoleOutput: "ok",
  getLogOutput: "ok",
  getConsoleInput: "CONSOLE_INPUT_OFF: VM console input is not supported",
  "setCallback, clearCallback": "ok",
};
const stopped = {
  ...everywhere,
  getStatus: '"STOPPED"',
  getCid: "ok",
  run: "ok",
  stop: STOP_REFUSED,
  close: "ok",
  delete: "ok",
  "setConfig, compatible": "ok",
  connectVsock: NOT_RUNNING,
  "connectVsock, bad port": NOT_RUNNING,
  toDescriptor: "ok",
};
const running = {
  ...everywhere,
  getStatus: '"RUNNING"',
  getCid: "2048",
  run: NOT_STOPPED,
  stop: "ok",
  close: "ok",
  delete: NOT_STOPPED,
  "setConfig, compatible": NOT_STOPPED,
  connectVsock: "ok",
  "connectVsock, bad port": BAD_PORT,
  toDescriptor: NOT_STOPPED,
};
const deleted = {
  ...everywhere,
  getStatus: '"DELETED"',
  getCid: "ok",
  run: DELETED,
  stop: STOP_REFUSED,
  close: "ok",
  delete: DELETED,
  "setConfig, compatible": DELETED,
  connectVsock: DELETED,
  "connectVsock, bad port": DELETED,
  toDescriptor: DELETED,
};

const expected: Readonly<Record<StateName, Readonly<Record<string, string>>>> = {
  "never run": stopped,
  running,
  "stopped again": stopped,
  "died by itself": stopped,
  "dead, with its last event still on the way": stopped,
  deleted,
  "deleted and made again by another object": deleted,
  // Nobody has looked yet: what needs the files finds out, the others go by what they know.
  "files removed behind its back": deleted,
  "files removed while running": {
    ...running,
    run: DELETED,
    delete: DELETED,
    "setConfig, compatible": DELETED,
    toDescriptor: DELETED,
  },
};

async function sceneIn(state: StateName): Promise<Scene> {
  const { context, service } = memoryContext();
  const manager = VirtualMachineManager.getInstance(context);
  const vm = await manager.create("vm1", configOf(context));
  const scene = { vm, manager, service, context };
  await states[state](scene);
  return scene;
}

describe.each(stateNames)("a VM that is %s", (state) => {
  test.each(Object.keys(methods))("%s", async (method) => {
    const scene = await sceneIn(state);
    expect(await outcomeOf(() => methods[method]!(scene))).toBe(expected[state][method]);
  });
});

describe("deleted stays deleted", () => {
  test("an object whose VM was deleted does not touch the one that has its name now", async () => {
    const { vm, manager, service } = await sceneIn("deleted and made again by another object");
    const successor = await manager.get("vm1");
    expect(successor).not.toBe(vm);
    expect(await outcomeOf(() => vm.delete())).toBe(DELETED);
    await successor?.run();
    expect([vm.status, successor?.status]).toEqual(["DELETED", "RUNNING"]);
    expect(service.files.entries.has(vm.getRootDir())).toBe(true);
  });

  test("files that were missing once and are back do not bring the object back", async () => {
    const { vm, service } = await sceneIn("files removed behind its back");
    expect(await vm.getStatus()).toBe("DELETED");
    await service.files.ensureFolder(vm.getRootDir());
    expect(await vm.getStatus()).toBe("DELETED");
    expect(await outcomeOf(() => vm.run())).toBe(DELETED);
  });

  test("a VM that lost its name while running continues, and is deleted once it stops", async () => {
    const { vm, manager, context } = await sceneIn("files removed while running");
    const successor = await manager.create("vm1", configOf(context));
    expect(await vm.getStatus()).toBe("RUNNING");
    await vm.stop();
    expect([await vm.getStatus(), await successor.getStatus()]).toEqual(["DELETED", "STOPPED"]);
    expect(vm.transitions.map(({ status }) => status)).toEqual(["STOPPED", "RUNNING", "STOPPED", "DELETED"]);
  });

  test("a VM without files that stops is DELETED at the next look", async () => {
    const { vm, service } = await sceneIn("files removed while running");
    service.vm.die("SHUTDOWN");
    expect(vm.status).toBe("STOPPED");
    expect(await vm.getStatus()).toBe("DELETED");
    expect(vm.transitions.at(-1)?.cause).toEqual({ kind: "files-removed" });
  });
});

test("events of a run that is over never count for the next", async () => {
  const { vm } = await sceneIn("dead, with its last event still on the way");
  await vm.run();
  expect(vm.transitions.map(({ status, run }) => `${status} ${run}`)).toEqual([
    "STOPPED 0",
    "RUNNING 1",
    "STOPPED 1",
    "RUNNING 2",
  ]);
});

test("one VM's calls wait for each other: of two runs at once, one is refused", async () => {
  const { vm } = await sceneIn("never run");
  const outcomes = await Promise.all([outcomeOf(() => vm.run()), outcomeOf(() => vm.run())]);
  expect(outcomes.sort()).toEqual([NOT_STOPPED, "ok"]);
});

test("stop() waits for a run that is under way", async () => {
  const { vm } = await sceneIn("never run");
  await Promise.all([vm.run(), vm.stop()]);
  expect(vm.transitions.map(({ status }) => status)).toEqual(["STOPPED", "RUNNING", "STOPPED"]);
});
