import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "../config/config.js";
import { ConsoleWaitError } from "./console-failure.js";
import { VirtualMachineManager } from "../manager.js";
import { nowMs } from "../journal/record.js";
import { known, memoryContext } from "../testing/memory-service.js";
import type { VirtualMachine } from "../machine.js";
import type { MemoryService, MemoryVm } from "../testing/memory-service.js";
import type { WaitGoal } from "./waits.js";

/** Long enough never to pass in these tests, whose VMs act at once. */
const LONG = { timeoutMs: 10_000 };

async function setUp(): Promise<{ readonly vm: VirtualMachine; readonly service: MemoryService }> {
  const { context, service } = memoryContext();
  const config = new VirtualMachineConfig.Builder(context, "assets/c.json").build();
  return { service, vm: await VirtualMachineManager.getInstance(context).create("vm1", config) };
}

type Act = (run: MemoryVm) => void;

describe("waitFor", () => {
  const CRASH = { kind: "died", reason: known("CRASH") };
  const table: readonly [WaitGoal, string, Act, object][] = [
    ["started", "starts", (run) => run.started(), { kind: "started" }],
    ["started", "finishes", (run) => run.finish(0), { kind: "finished", exitCode: 0 }],
    ["started", "dies", (run) => run.die("CRASH"), CRASH],
    ["ready", "is ready", (run) => (run.started(), run.ready()), { kind: "ready" }],
    ["ready", "finishes", (run) => (run.started(), run.finish(7)), { kind: "finished", exitCode: 7 }],
    ["ready", "dies", (run) => (run.started(), run.die("CRASH")), CRASH],
    ["finished", "finishes", (run) => (run.ready(), run.finish(-1)), { kind: "finished", exitCode: -1 }],
    ["finished", "dies", (run) => (run.ready(), run.die("CRASH")), CRASH],
    ["died", "dies", (run) => (run.ready(), run.finish(0), run.die("CRASH")), CRASH],
  ];

  test.each(table)("%s: the payload %s while we wait", async (goal, _what, act, outcome) => {
    const { vm, service } = await setUp();
    await vm.run();
    const wait = vm.waitFor(goal, LONG);
    act(service.vm);
    expect(await wait).toEqual(outcome);
  });

  test.each(table)("%s: it %s before we wait", async (goal, _what, act, outcome) => {
    const { vm, service } = await setUp();
    service.onStart = act;
    await vm.run();
    expect(await vm.waitFor(goal, LONG)).toEqual(outcome);
  });

  test.each(table)("%s: it %s in a run that has yet to begin", async (goal, _what, act, outcome) => {
    const { vm, service } = await setUp();
    const wait = vm.waitFor(goal, LONG);
    service.onStart = act;
    await vm.run();
    expect(await wait).toEqual(outcome);
  });

  test("looks at the latest run only", async () => {
    const { vm, service } = await setUp();
    service.onStart = (run) => run.ready();
    await vm.run();
    await vm.stop();
    expect(await vm.waitFor("died", LONG)).toEqual({ kind: "died", reason: known("KILLED") });
    service.onStart = () => undefined;
    await vm.run();
    const wait = vm.waitFor("ready", { timeoutMs: 1 });
    expect(await wait).toEqual({ kind: "timed-out", afterMs: 1 });
  });

  test("a start that failed is the end of the run", async () => {
    const { vm, service } = await setUp();
    service.onStart = () => {
      throw new Error("no memory");
    };
    const wait = vm.waitFor("ready", LONG);
    await vm.run().catch(() => undefined);
    expect(await wait).toEqual({ kind: "died", reason: known("START_FAILED") });
  });

  test("is cancelled by its signal, before or while it waits", async () => {
    const { vm } = await setUp();
    const reason = new Error("the test is over");
    const controller = new AbortController();
    const wait = vm.waitFor("ready", { ...LONG, signal: controller.signal });
    controller.abort(reason);
    expect(await wait).toEqual({ kind: "cancelled", reason });
    expect(await vm.waitFor("ready", { ...LONG, signal: controller.signal })).toEqual({ kind: "cancelled", reason });
  });

  test("is cancelled when the VM is deleted", async () => {
    const { vm } = await setUp();
    const wait = vm.waitFor("ready", LONG);
    await vm.delete();
    expect(await wait).toMatchObject({ kind: "cancelled", reason: { code: "VM_DELETED" } });
  });

  test("waitForStatus: reached, timed out, cancelled", async () => {
    const { vm, service } = await setUp();
    expect(await vm.waitForStatus("STOPPED", LONG)).toEqual({ kind: "reached" });
    expect(await vm.waitForStatus("RUNNING", { timeoutMs: 1 })).toEqual({ kind: "timed-out", afterMs: 1 });
    await vm.run();
    const stopped = vm.waitForStatus("STOPPED", LONG);
    service.vm.die("CRASH");
    expect(await stopped).toEqual({ kind: "reached" });
    const [running, deleted] = [vm.waitForStatus("RUNNING", LONG), vm.waitForStatus("DELETED", LONG)];
    await vm.delete();
    expect(await deleted).toEqual({ kind: "reached" });
    expect(await running).toMatchObject({ kind: "cancelled" });
  });
});

describe("waitForConsole", () => {
  const failureOf = async (wait: Promise<unknown>): Promise<ConsoleWaitError> => {
    const error: unknown = await wait.then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(ConsoleWaitError);
    return error as ConsoleWaitError;
  };

  test("finds a line of console or log, before or while it waits", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print("boot\nHello Microdroid\n");
    const found = await vm.waitForConsole(/lo (\w+)/gy, LONG);
    expect(found).toMatchObject({ line: { stream: "console", run: 1 }, groups: ["lo Microdroid", "Microdroid"] });
    const wait = vm.waitForConsole("payload finished", LONG);
    service.vm.log("the payload fini");
    service.vm.log("shed\n");
    expect((await wait).line).toMatchObject({ stream: "log", text: "the payload finished" });
  });

  test("can be limited to a stream, and to lines since a moment", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.log("tick\n");
    const onConsole = await vm.watchConsole("tick", { timeoutMs: 1, stream: "console" });
    expect(onConsole.kind).toBe("timed-out");
    const since = nowMs();
    const wait = vm.waitForConsole("tick", { ...LONG, since });
    service.vm.print("tick\n");
    expect((await wait).line.stream).toBe("console");
  });

  test("does not look at earlier runs", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print("Hello\n");
    await vm.stop();
    await vm.run();
    expect((await vm.watchConsole("Hello", { timeoutMs: 1 })).kind).toBe("timed-out");
  });

  test("searches a run that has ended", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print("no line end");
    service.vm.die("SHUTDOWN");
    expect((await vm.waitForConsole(/end$/, LONG)).line.text).toBe("no line end");
  });

  test("sees a prompt, which has no line end", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print("login: ");
    expect((await vm.waitForConsole(/login: $/, LONG)).line.text).toBe("login: ");
  });

  test("does not take the beginning of a line for the line", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    const wait = vm.waitForConsole(/count (\d+)/, LONG);
    service.vm.print("count 1");
    await new Promise((resolve) => setImmediate(resolve));
    service.vm.print("23\n");
    expect((await wait).groups[1]).toBe("123");
  });

  test("fails at once when the VM dies, with its last output, the reason and the nearest miss", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print(`${Array.from({ length: 50 }, (_, i) => `line ${i}`).join("\n")}\n`);
    service.vm.log("Hello from the wrong place\n");
    const wait = vm.waitForConsole(/Hello Microdroid/, LONG);
    service.vm.print("\u001b[31mKernel\u0007 panic\u001b[0m");
    service.vm.die("REBOOT");
    const error = await failureOf(wait);
    expect(error).toMatchObject({ kind: "vm", code: "VM_DIED", vmName: "vm1" });
    expect(error.outcome).toEqual({ kind: "died", reason: known("REBOOT") });
    expect(error.shortMessage).toMatch(
      /^VM "vm1" died \(REBOOT\) .* after start, while waiting for its output to show \/Hello Microdroid\/\.$/,
    );
    expect(error.hint).toMatch(/^nearest miss: \[ +\d+\.\d{3} s log {4}\] Hello from the wrong place$/);
    expect(error.lastLines).toHaveLength(40);
    expect(error.lastLines.at(-1)).toMatch(/^\[ +\d+\.\d{3} s console\] \\x1b\[31mKernel\\x07 panic\\x1b\[0m$/);
  });

  test("fails when it ends after the run did", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.die({ kind: "unrecognised", raw: "Unrecognised(99)" });
    const error = await failureOf(vm.waitForConsole("x", LONG));
    expect(error.message).toContain("died (Unrecognised(99))");
    expect(error.hint).toMatch(/printed nothing at all/);
  });

  test("fails when the time is up, and says what to do about a VM that never ran", async () => {
    const { vm } = await setUp();
    const error = await failureOf(vm.waitForConsole("Hello", { timeoutMs: 5, stream: "console" }));
    expect(error).toMatchObject({ kind: "expectation", code: "CONSOLE_TIMEOUT" });
    expect(error.shortMessage).toBe(
      'VM "vm1" (STOPPED): timed out after 5 ms waiting for its console to show "Hello".',
    );
    expect(error.hint).toBe("the VM has never been run: call run().");
  });

  test("fails when it is cancelled, or the VM deleted", async () => {
    const { vm } = await setUp();
    const reason = new Error("the test is over");
    const off = await failureOf(vm.waitForConsole("x", { ...LONG, signal: AbortSignal.abort(reason) }));
    expect(off).toMatchObject({ code: "CONSOLE_WAIT_CANCELLED", cause: reason });
    const wait = vm.waitForConsole("x", LONG);
    await vm.delete();
    expect((await failureOf(wait)).message).toContain("it has been deleted");
  });

  test("a match takes precedence over a signal that has fired", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print("Hello\n");
    const outcome = await vm.watchConsole("Hello", { ...LONG, signal: AbortSignal.abort() });
    expect(outcome.kind).toBe("matched");
  });
});
