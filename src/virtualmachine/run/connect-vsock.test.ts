import { expect, jest, test } from "@jest/globals";
import { PassThrough } from "node:stream";
import type { Socket } from "node:net";
import { sleep } from "../../base/deadline.js";
import { HarnessError } from "../../base/errors.js";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext, type MemoryService } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";
import type { VirtualMachine } from "../machine.js";

async function runningVm(): Promise<{ readonly vm: VirtualMachine; readonly service: MemoryService }> {
  const { context, service } = memoryContext();
  const config = new VirtualMachineConfig.Builder(context, "assets/vm_config.json").build();
  const vm = await VirtualMachineManager.getInstance(context).create("vm1", config);
  await vm.run();
  return { vm, service };
}

const refused = (): HarnessError => new HarnessError("vm", "VSOCK_REFUSED", "Nothing accepts connections there.");

/** Refuses so many times, then connects. */
function refuse(service: MemoryService, times: number): { readonly attempts: () => number } {
  let attempts = 0;
  service.vm.connectVsock = async () => {
    if (++attempts <= times) throw refused();
    return new PassThrough() as unknown as Socket;
  };
  return { attempts: () => attempts };
}

test("connects to the port asked for, and explains a failure", async () => {
  const { vm, service } = await runningVm();
  await vm.connectVsock(0x8000_0001);
  expect(service.vm.ports).toEqual([0x8000_0001]);
  for (const port of [1023, 4_294_967_296, 1.5, NaN]) {
    expect(await outcomeOf(() => vm.connectVsock(port))).toBe(`ILLEGAL_ARGUMENT: Bad port ${port}`);
  }
  service.vm.connectVsock = () => Promise.reject(new Error("connection reset"));
  const failure = "VSOCK_FAILED: failed to connect to vsock port 5678: connection reset";
  expect(await outcomeOf(() => vm.connectVsock(5678, { retryUntilMs: 60_000 }))).toBe(failure);
});

test("a port where nothing listens is refused at once, with the option that waits for a payload", async () => {
  const { vm, service } = await runningVm();
  const { attempts } = refuse(service, Infinity);
  await expect(vm.connectVsock(9999)).rejects.toMatchObject({
    kind: "vm",
    code: "VSOCK_REFUSED",
    vmName: "vm1",
    message: expect.stringMatching(
      /^failed to connect to vsock port 9999: nothing in VM "vm1" listens there\nHint: .*connectVsock\(9999, \{ retryUntilMs/,
    ) as unknown,
  });
  expect(attempts()).toBe(1);
});

test("with retryUntilMs it is tried until something listens, or the time is up", async () => {
  const { vm, service } = await runningVm();
  const soon = refuse(service, 3);
  await vm.connectVsock(9999, { retryUntilMs: 60_000 });
  expect(soon.attempts()).toBe(4);
  const never = refuse(service, Infinity);
  expect(await outcomeOf(() => vm.connectVsock(9999, { retryUntilMs: 200 }))).toMatch(
    /^VSOCK_REFUSED: .* nothing in VM "vm1" listens there, tried \d+ times in \d+ ms$/,
  );
  expect(never.attempts()).toBeGreaterThan(1);
  for (const retryUntilMs of [-1, NaN, Infinity, "5" as unknown as number])
    expect(await outcomeOf(() => vm.connectVsock(9999, { retryUntilMs }))).toMatch(/^ILLEGAL_ARGUMENT: retryUntilMs/);
});

test("time in which a debugger holds the VM does not count", async () => {
  const { vm, service } = await runningVm();
  const { journal } = vm.control;
  journal.hold.set(true, performance.now());
  const listensMs = performance.now() + 200;
  service.vm.connectVsock = async () => {
    if (performance.now() < listensMs) throw refused();
    return new PassThrough() as unknown as Socket;
  };
  await vm.connectVsock(9999, { retryUntilMs: 60 });
  journal.hold.set(false, performance.now());
  refuse(service, Infinity);
  expect(await outcomeOf(() => vm.connectVsock(9999, { retryUntilMs: 60 }))).toMatch(/^VSOCK_REFUSED: /);
});

test("a timer that fires too early does not end the trying", async () => {
  const { vm, service } = await runningVm();
  const soon = refuse(service, 2);
  const real = globalThis.setTimeout;
  const early = ((work: () => void, ms = 0) => real(work, ms / 2)) as typeof setTimeout;
  const timers = jest.spyOn(globalThis, "setTimeout").mockImplementation(early);
  try {
    await vm.connectVsock(9999, { retryUntilMs: 60_000 });
  } finally {
    timers.mockRestore();
  }
  expect(soon.attempts()).toBe(3);
});

test("an attempt that is open when the time is up is ended, and the first has the time that it needs", async () => {
  const { vm, service } = await runningVm();
  let attempts = 0;
  const ended: AbortSignal[] = [];
  // As a guest whose kernel is not up: nothing answers for long.
  service.vm.connectVsock = (_port, signal) => {
    if (++attempts === 1) return Promise.reject(refused());
    if (signal !== undefined) ended.push(signal);
    return new Promise(() => undefined);
  };
  expect(await outcomeOf(() => vm.connectVsock(9999, { retryUntilMs: 300 }))).toMatch(
    /^VSOCK_REFUSED: .* nothing in VM "vm1" listens there, tried 2 times in \d+ ms$/,
  );
  expect(ended.map(({ aborted }) => aborted)).toEqual([true]);

  service.vm.connectVsock = async () => {
    await sleep(20);
    return new PassThrough() as unknown as Socket;
  };
  await expect(vm.connectVsock(9999, { retryUntilMs: 1 })).resolves.toBeInstanceOf(PassThrough);
});

test("the attempts end with the VM, with a panic of its guest, and with the caller's signal", async () => {
  const long = { retryUntilMs: 3_600_000 };
  for (const [end, code] of [
    [(service: MemoryService) => service.vm.die("REBOOT"), "VM_DIED"],
    [(service: MemoryService) => service.vm.print("Kernel panic - not syncing: test\n"), "VM_PANICKED"],
  ] as const) {
    const { vm, service } = await runningVm();
    refuse(service, Infinity);
    const outcome = outcomeOf(() => vm.connectVsock(9999, long));
    setTimeout(() => end(service), 10);
    expect(await outcome).toMatch(
      new RegExp(`^${code}: .*while waiting for something in it to listen on vsock port 9999`),
    );
  }
  const { vm, service } = await runningVm();
  refuse(service, Infinity);
  const aborted = vm.connectVsock(9999, { ...long, signal: AbortSignal.timeout(10) });
  await expect(aborted).rejects.toMatchObject({ name: "TimeoutError" });
});
