/** What ends a wait besides what it is for: trouble, a still boot, a device that is gone, time. */
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { InfrastructureError } from "../../base/errors.js";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext, type MemoryService } from "../testing/memory-service.js";
import type { VmContext } from "../context.js";
import type { VirtualMachine } from "../machine.js";
import type { VmWaitError } from "./wait-failure.js";

const Image = VirtualMachineCustomImageConfig.Builder;
type Image = InstanceType<typeof Image>;

const LONG = { timeoutMs: 3_600_000 };

async function running(overrides: Partial<VmContext> = {}): Promise<{ vm: VirtualMachine; service: MemoryService }> {
  const { context, service } = memoryContext(overrides);
  const config = new VirtualMachineConfig.Builder(context, "assets/c.json").build();
  const vm = await VirtualMachineManager.getInstance(context).create("vm1", config);
  await vm.run();
  return { vm, service };
}

async function runningCustom(image: Image): Promise<VirtualMachine> {
  const { context } = memoryContext();
  const config = new VirtualMachineConfig.Builder(context)
    .setCustomImageConfig(image.build())
    .setProtectedVm(false)
    .setDebugLevel(VirtualMachineConfig.DEBUG_LEVEL_FULL)
    .setVmOutputCaptured(true);
  const vm = await VirtualMachineManager.getInstance(context).create("vm1", config.build());
  await vm.run();
  return vm;
}

async function failureOf(wait: Promise<unknown>): Promise<VmWaitError> {
  try {
    await wait;
  } catch (error) {
    return error as VmWaitError;
  }
  throw new Error("the wait ended well");
}

describe("a panic", () => {
  const PANIC = "[    2.5] Kernel panic - not syncing: sysrq triggered crash\n";

  test("ends a wait although the VM lives on, and says so", async () => {
    const { vm, service } = await running();
    const failure = failureOf(vm.waitForConsole("Hello", LONG));
    service.vm.print(PANIC);
    const error = await failure;
    expect(error).toMatchObject({ kind: "vm", code: "VM_PANICKED" });
    expect(error.message).toMatch(/^The kernel of VM "vm1" panicked .* after start, and still runs, while waiting for/);
    expect(error.message).toContain("Kernel panic - not syncing: sysrq triggered crash");
  });

  test("and the death of it are one failure, with one code", async () => {
    const { vm, service } = await running();
    const failure = failureOf(vm.waitUntil("ready", LONG));
    service.vm.print(PANIC);
    service.vm.die("REBOOT");
    const error = await failure;
    expect(error).toMatchObject({ kind: "vm", code: "VM_PANICKED" });
    expect(error.message).toContain("and died (REBOOT), while waiting for its payload to be ready.");
  });

  test("may be the awaited line, with all that is printed along with it", async () => {
    const { vm, service } = await running();
    const wait = vm.waitForConsole(/end Kernel panic/, LONG);
    service.vm.print(PANIC);
    // A wait looks at each line as it comes: one that ends with a panic at once would have ended by now.
    const settled = jest.fn();
    void wait.then(settled, settled);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).not.toHaveBeenCalled();
    service.vm.print("---[ end Kernel panic - not syncing: sysrq ]---\n");
    expect((await wait).line.text).toContain("end Kernel panic");
  });

  test("does not end a wait for the end", async () => {
    const { vm, service } = await running();
    service.vm.print(PANIC);
    const wait = vm.waitFor("died", LONG);
    service.vm.die("REBOOT");
    expect((await wait).kind).toBe("died");
  });
});

test("a crash of the payload ends a wait", async () => {
  const { vm, service } = await running();
  const failure = failureOf(vm.waitForConsole("Hello", LONG));
  service.vm.log("01-01 00:00:02.000  1  1 E microdroid_manager: Payload exited due to signal: 11 (SIGSEGV)\n");
  service.vm.die("MICRODROID_UNKNOWN_RUNTIME_ERROR");
  expect(await failure).toMatchObject({ kind: "vm", code: "PAYLOAD_CRASHED" });
});

describe("a stalled boot", () => {
  test("ends a wait; the error has the stage, all times, the state and the CID", async () => {
    const { vm, service } = await running();
    service.vm.print("[    1.0] microdroid_manager[1]: started.\n");
    const error = await failureOf(vm.waitForConsole("Hello", { budgetMs: 30 }));
    expect(error).toMatchObject({ kind: "vm", code: "BOOT_STALLED" });
    expect(error.message).toMatch(/^VM "vm1" is stuck at boot stage "init": it has shown neither a new stage nor/);
    expect(error.message).toContain("It is RUNNING (service: STARTING, CID 2048).");
    expect(error.message).toMatch(/^Boot: vmm 0\.00 s, init \d\.\d\d s; not reached: verified, payload, ready\.$/m);
  });

  test("of a VM that has a console and printed nothing: the hint says what gives a busy device more time", async () => {
    const { vm } = await running();
    const error = await failureOf(vm.waitForConsole("Hello", { budgetMs: 30 }));
    expect(error.hint).toMatch(
      /although it is debuggable; is the device very busy\? "adb shell setprop debug\.avf\.slowness 3"/,
    );
  });

  test("whatever limit the wait has", async () => {
    const { vm } = await running();
    expect(await vm.waitFor("ready", { budgetMs: 30, ...LONG })).toMatchObject({ kind: "stalled", stage: "vmm" });
  });

  test("does not count once the payload runs: then the wait times out", async () => {
    const { vm, service } = await running();
    service.vm.started();
    expect((await vm.watchConsole("Hello", { budgetMs: 30 })).kind).toBe("timed-out");
  });

  // As kernel/printk/printk.c reads its parameters: what comes last counts, and what follows -- is for the first process.
  test.each<[string, Image, "stalled" | "timed-out"]>([
    ["a kernel of its own", new Image().setKernelPath("/k").addParam("console=ttyS0 -- quiet"), "stalled"],
    ["one that is quiet", new Image().setKernelPath("/k").addParam("panic=-1").addParam("quiet"), "timed-out"],
    ["one that is quiet about less", new Image().setKernelPath("/k").addParam("loglevel=6"), "timed-out"],
    ["one that is not quiet after all", new Image().setKernelPath("/k").addParam("quiet loglevel=7"), "stalled"],
    ["one that says everything", new Image().setKernelPath("/k").addParam("ignore_loglevel quiet"), "stalled"],
    ["firmware", new Image().setBootloaderPath("/b"), "timed-out"],
  ])("counts where the console shows how the boot ends: %s", async (_what, image, end) => {
    const vm = await runningCustom(image);
    expect((await vm.watchConsole("Hello", { budgetMs: 30 })).kind).toBe(end);
  });

  test("does not count in a wait for the end", async () => {
    const { vm } = await running();
    expect((await vm.waitFor("died", { timeoutMs: 60, budgetMs: 30 })).kind).toBe("timed-out");
  });
});

describe("time", () => {
  /** A VM whose clock advances only as the test says, once it runs. */
  async function stopped(overrides: Partial<VmContext> = {}): ReturnType<typeof running> {
    const made = await running(overrides);
    const ranMs = performance.now();
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask", "performance"], now: 0 });
    jest.spyOn(performance, "now").mockImplementation(() => ranMs + Date.now());
    return made;
  }
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  /** The boot moves forward once in 20 ms. */
  async function tick(service: MemoryService, ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      service.vm.print("tick\n");
      await jest.advanceTimersByTimeAsync(20);
    }
  }

  test("is renewed while the boot moves forward, and the limit is not", async () => {
    const { vm, service } = await stopped();
    const wait = vm.watchConsole("Hello", { budgetMs: 200 });
    const bounded = vm.watchConsole("Hello", { budgetMs: 200, timeoutMs: 300 });
    await tick(service, 320);
    expect(await bounded).toEqual({ kind: "timed-out", afterMs: 300 });
    service.vm.print("Hello\n");
    expect((await wait).kind).toBe("matched");
  });

  test("is over a budget after the last move", async () => {
    const { vm, service } = await stopped();
    const wait = vm.watchConsole("Hello", { budgetMs: 200 });
    await tick(service, 240);
    await jest.advanceTimersByTimeAsync(180);
    expect(await wait).toMatchObject({ kind: "stalled", stillMs: 200 });
  });

  test("ends for a boot that moves forever, after two and a half budgets", async () => {
    const { vm, service } = await stopped();
    const wait = vm.watchConsole("Hello", { budgetMs: 100 });
    await tick(service, 260);
    expect(await wait).toEqual({ kind: "timed-out", afterMs: 250 });
  });

  test("is longer on a slow device, except for exact limits", async () => {
    const { vm, service } = await stopped({ slowness: 5 });
    service.vm.started();
    const scaled = vm.watchConsole("Hello", { budgetMs: 60 });
    const exact = vm.watchConsole("Hello", { timeoutMs: 100 });
    await jest.advanceTimersByTimeAsync(300);
    expect(await exact).toEqual({ kind: "timed-out", afterMs: 100 });
    expect(await scaled).toEqual({ kind: "timed-out", afterMs: 300 });
  });
});

test("a device that is gone ends a wait with its reason, as a failure of the lab", async () => {
  const gone = new AbortController();
  const { vm } = await running({ gone: gone.signal });
  const failure = failureOf(vm.waitForConsole("Hello", LONG));
  const reason = new InfrastructureError("DEVICE_LOST", "Device 0A1B is no longer there.");
  gone.abort(reason);
  const error = await failure;
  expect(error).toMatchObject({ kind: "infrastructure", code: "DEVICE_GONE", cause: reason });
  expect(error.message).toMatch(/^The device of VM "vm1" is gone, while .*: Device 0A1B is no longer there\.$/m);
});

test("an error that the guest reported is shown", async () => {
  const { vm, service } = await running();
  const failure = failureOf(vm.waitUntil("started", LONG));
  service.vm.fail("the APK was changed");
  service.vm.die("MICRODROID_PAYLOAD_HAS_CHANGED");
  expect((await failure).message).toContain("It reported UNKNOWN: the APK was changed");
});

test("a payload that finished before it was ready fails the wait for that", async () => {
  const { vm, service } = await running();
  const failure = failureOf(vm.waitUntil("ready", LONG));
  service.vm.started();
  service.vm.finish(3);
  expect((await failure).message).toContain("finished with exit code 3, while waiting for its payload to be ready.");
});

test.each([
  ["Hello Microdriod", /^nearest miss: .*Hello Microdroid \/mnt\/apk$/],
  [/port (\d+) open/, /^nearest miss: .*port 22 is open now$/],
  ["nothing like it", /^no hint$/],
])("the line nearest to %s", async (pattern, near) => {
  const { vm, service } = await running();
  service.vm.print("Hello Microdroid /mnt/apk\nport 22 is open now\nxyz\n");
  const { hint } = await failureOf(vm.waitForConsole(pattern, { timeoutMs: 1 }));
  expect(hint ?? "no hint").toMatch(near);
});
