import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import "../types.js";
import { VirtualMachineConfig, VirtualMachineManager, type VirtualMachine } from "../../../virtualmachine/index.js";
import { memoryContext, type MemoryService } from "../../../virtualmachine/testing/memory-service.js";
import { runInContext } from "../../../session/calls/test-context.js";
import { matchers } from "../index.js";

let service: MemoryService;
let vm: VirtualMachine;

beforeAll(() => expect.extend({ ...matchers }));
beforeEach(async () => {
  const made = memoryContext();
  service = made.service;
  const config = new VirtualMachineConfig.Builder(made.context, "assets/vm_config.json").build();
  vm = await VirtualMachineManager.getInstance(made.context).create("vm1", config);
  await vm.run();
});

const HOURS = { timeoutMs: 3_600_000 };
const print = (...lines: readonly string[]): void => service.vm.print(lines.map((line) => `${line}\n`).join(""));

async function failure(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the expectation held");
}

test("takes what was printed, and waits for the rest", async () => {
  print("[    0.100000] Run /init", "TAP version 13", "1..2", "ok 1 disk");
  const waiting = expect(vm).toPassKtap(HOURS);
  print("[    0.200000] random: crng init done", "ok 2 net");
  await waiting;
  expect(await failure(() => expect(vm).not.toPassKtap())).toContain("ran 2 sub-tests: 2 passed.");
});

test("fails with the sub-tests that failed, and their diagnostics", async () => {
  print("KTAP version 1", "1..2", "  KTAP version 1", "  # Subtest: mm", "  1..2", "  ok 1 maps");
  print("  # unmaps: 2 pages are left", "  not ok 2 unmaps", "not ok 1 mm", "ok 2 net");
  const message = await failure(() => expect(vm).toPassKtap(HOURS));
  expect(message).toContain('VM "vm1" ran 3 sub-tests: 2 passed, 1 failed.');
  expect(message).toContain("  FAILED  mm › unmaps\n      unmaps: 2 pages are left");
  await expect(vm).not.toPassKtap(HOURS);
});

test("fails at once when the kernel panics, with what had no result", async () => {
  const failing = failure(() => expect(vm).toPassKtap(HOURS));
  print("[    1.000000] KTAP version 1", "[    1.000001] 1..3", "[    1.000002] ok 1 one");
  print("[    1.100000] Kernel panic - not syncing: Fatal exception", "[    1.100001] CPU: 0 PID: 1 Comm: init");
  service.vm.die("CRASH");
  const message = await failing;
  expect(message).toContain("  NO RESULT  tests 2 to 3: they were planned and have no result");
  expect(message).toMatch(/The kernel of VM "vm1" panicked .* while waiting for the end of its KTAP output/);
  expect(message).toMatch(/Last output:[^]*Comm: init/);
});

test("fails when the VM ends, or its time does, without any", async () => {
  expect(await failure(() => expect(vm).toPassKtap({ timeoutMs: 1 }))).toContain(
    "timed out after 1 ms waiting for the end of its KTAP output",
  );
  service.vm.die("SHUTDOWN");
  expect(await failure(() => expect(vm).toPassKtap(HOURS))).toContain('VM "vm1" died (SHUTDOWN)');
  expect(await failure(() => expect(vm).not.toPassKtap(HOURS))).toContain('VM "vm1" died (SHUTDOWN)');
});

test("output without a plan ends with a VM that shuts down", async () => {
  const waiting = expect(vm).toPassKtap(HOURS);
  print("TAP version 13", "ok 1 disk", "ok 2 net");
  service.vm.die("SHUTDOWN");
  await waiting;
});

test("a result that was not planned is not missed", async () => {
  print("TAP version 13", "1..1", "ok 1 disk");
  const failing = failure(() => expect(vm).toPassKtap(HOURS));
  print("not ok 2 net");
  expect(await failing).toContain("  FAILED  net");
});

test("skipped ones fail unless they may be skipped", async () => {
  print("TAP version 13", "1..2", "ok 1 disk # SKIP no disk", "ok 2 net");
  expect(await failure(() => expect(vm).toPassKtap(HOURS))).toContain("  SKIPPED  disk: no disk");
  expect(await failure(() => expect(vm).toPassKtap({ ...HOURS, allowSkip: ["net", /^sk/] }))).toContain("SKIPPED");
  await expect(vm).toPassKtap({ ...HOURS, allowSkip: true });
  await expect(vm).toPassKtap({ ...HOURS, allowSkip: /^disk$/ });
});

test("waits for as many outputs as there are", async () => {
  print("TAP version 13", "1..1", "ok 1 disk");
  const waiting = expect(vm).toPassKtap({ ...HOURS, documents: 2 });
  print("TAP version 13", "1..1", "ok 1 net");
  await waiting;
});

test("refuses options that make no sense", async () => {
  expect(await failure(() => expect(vm).toPassKtap({ documents: 0 }))).toContain("documents is a number from 1");
  expect(await failure(() => expect(vm).toPassKtap({ stream: "x" as never }))).toContain(
    'stream is "console" or "log"',
  );
  expect(await failure(() => expect(vm).toPassKtap({ allowSkip: 7 as never }))).toContain("a regular expression");
});

test("passes the sub-tests to the reports, whatever their results", async () => {
  const noted: unknown[] = [];
  const context = {
    signal: new AbortController().signal,
    begin: () => () => undefined,
    noteSubtests: (...told: readonly unknown[]) => void noted.push(told),
  };
  print("TAP version 13", "1..2", "# half done", "not ok 1 disk # errno=5", "ok 2 net");
  await runInContext(context, () => failure(() => expect(vm).toPassKtap(HOURS)));
  const cases = [
    { names: ["disk"], status: "failed", reason: "errno=5", diagnostics: ["half done"] },
    { names: ["net"], status: "passed" },
  ];
  expect(noted).toEqual([["vm1", 1, cases]]);
});
