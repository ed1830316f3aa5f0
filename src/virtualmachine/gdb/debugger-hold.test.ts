import { beforeEach, describe, expect, test } from "@jest/globals";
import { sleep } from "../../base/deadline.js";
import { VirtualMachineConfig } from "../config/config.js";
import { DEBUG_LEVEL_NONE } from "../constants.js";
import type { VirtualMachine } from "../machine.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext, type MemoryService } from "../testing/memory-service.js";
import { startPatience } from "../wait/patience.js";
import { DebuggerHold } from "./debugger-hold.js";

let service: MemoryService;
let vm: VirtualMachine;
let connected = false;
let told = (): void => undefined;

const door = {
  get isConnected(): boolean {
    return connected;
  },
  onChange: (listener: () => void) => void (told = listener),
};

beforeEach(async () => {
  connected = false;
  const made = memoryContext();
  service = made.service;
  const config = new VirtualMachineConfig.Builder(made.context, "assets/vm_config.json").build();
  vm = await VirtualMachineManager.getInstance(made.context).create("vm1", config);
  await vm.run();
});

test("counts the time of all holds, including the current one", () => {
  const hold = new DebuggerHold();
  expect(hold.set(true, 10)).toBe(true);
  expect(hold.set(true, 11)).toBe(false);
  hold.set(false, 15);
  hold.set(true, 20);
  expect([5, 12, 15, 18, 25].map((atMs) => hold.before(atMs))).toEqual([0, 2, 5, 5, 10]);
});

describe("a wait", () => {
  test("does not count the time that a debugger is connected", () => {
    const { journal } = vm.control;
    service.vm.print("spoke\n");
    const beganMs = performance.now();
    const wait = startPatience(journal, { timeoutMs: 1_000 }, beganMs, false);
    expect(wait.dueMs()).toBe(beganMs + 1_000);
    journal.hold.set(true, beganMs + 100);
    expect(wait.check(beganMs + 5_000)).toBeUndefined();
    expect(wait.dueMs()).toBe(Infinity);
    journal.hold.set(false, beganMs + 7_000);
    expect(wait.dueMs()).toBe(beganMs + 7_900);
    expect(wait.check(beganMs + 7_899)).toBeUndefined();
    expect(wait.check(beganMs + 7_900)).toEqual({ kind: "timed-out", afterMs: 1_000 });
  });

  test("for a status does not count it either", async () => {
    const { journal } = vm.control;
    service.vm.print("spoke\n");
    journal.hold.set(true, performance.now());
    const reached = vm.waitForStatus("STOPPED", { timeoutMs: 1 });
    await sleep(50);
    service.vm.die("SHUTDOWN");
    expect(await reached).toEqual({ kind: "reached" });
    journal.hold.set(false, performance.now());
    expect(await vm.waitForStatus("RUNNING", { timeoutMs: 1 })).toEqual({ kind: "timed-out", afterMs: 1 });
  });

  test("is looked at again when the debugger goes", async () => {
    const { journal } = vm.control;
    connected = true;
    journal.watchDebugger(door);
    expect(journal.hold.isHeld).toBe(true);
    const waiting = vm.watchConsole("never", { timeoutMs: 1 });
    connected = false;
    service.vm.print("spoke\n");
    told();
    expect(journal.hold.isHeld).toBe(false);
    expect((await waiting).kind).toBe("timed-out");
  });
});

test("a VM that says nothing before the first debugger came is held; one that ended is not", () => {
  const { journal } = vm.control;
  journal.watchDebugger(door);
  expect(journal.hold.isHeld).toBe(true);
  service.vm.print("a first line\n");
  expect(journal.hold.isHeld).toBe(false);
  connected = true;
  told();
  expect(journal.hold.isHeld).toBe(true);
  service.vm.die("SHUTDOWN");
  expect(journal.hold.isHeld).toBe(false);
});

test("a restore ends the hold: the door does not lead to the VM that was put back", async () => {
  const { journal } = vm.control;
  journal.watchDebugger(door);
  expect(journal.hold.isHeld).toBe(true);
  const waiting = vm.watchConsole("never", { timeoutMs: 1 });
  journal.rewind(journal.past(), "silent");
  expect(journal.hold.isHeld).toBe(false);
  expect((await waiting).kind).toBe("timed-out");
  connected = true;
  told();
  expect(journal.hold.isHeld).toBe(false);
});

test("gdb is refused for what the device refuses it for, before anything is started", async () => {
  await vm.stop();
  const { context } = vm.control;
  const none = new VirtualMachineConfig.Builder(context, "assets/vm_config.json")
    .setDebugLevel(DEBUG_LEVEL_NONE)
    .build();
  const silent = await VirtualMachineManager.getInstance(context).create("vm2", none);
  const started = service.vms.length;
  await expect(silent.run({ gdb: true })).rejects.toMatchObject({ kind: "usage", code: "GDB_REFUSED" });
  expect(service.vms).toHaveLength(started);
});
