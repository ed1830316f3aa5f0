import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import "./types.js";
import {
  moment,
  VirtualMachineConfig,
  VirtualMachineManager,
  type VirtualMachine,
} from "../../virtualmachine/index.js";
import { memoryContext, type MemoryService } from "../../virtualmachine/testing/memory-service.js";
import { matchers } from "./index.js";

let service: MemoryService;
let vm: VirtualMachine;

beforeAll(() => expect.extend({ ...matchers }));
beforeEach(async () => {
  const made = memoryContext();
  service = made.service;
  const config = new VirtualMachineConfig.Builder(made.context, "assets/vm_config.json").build();
  vm = await VirtualMachineManager.getInstance(made.context).create("vm1", config);
});

/** Message of an expectation that fails. */
async function failure(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the expectation held");
}

describe("toPrint", () => {
  test("takes what is there, and waits for what is not", async () => {
    await vm.run();
    service.vm.print("one\n");
    await expect(vm).toPrint("one");
    const waiting = expect(vm).toPrint(/t(w)o/g);
    service.vm.log("two\n");
    await waiting;
  });

  test("fails at once when the VM ends first, and shows what it said", async () => {
    await vm.run();
    service.vm.print("Out of memory\n");
    const failing = failure(() => expect(vm).toPrint("Hello", { timeoutMs: 3_600_000 }));
    service.vm.die("CRASH");
    const message = await failing;
    expect(message).toMatch(/^.*expect.*toPrint.*\n\nVM "vm1" died \(CRASH\)/);
    expect(message).toContain("Out of memory");
  });

  test("looks into one stream only if requested", async () => {
    await vm.run();
    service.vm.log("logged\n");
    await expect(vm).toPrint("logged", { stream: "log" });
    await expect(vm).not.toPrint("logged", { stream: "console" });
    expect(await failure(() => expect(vm).toPrint("logged", { stream: "console", timeoutMs: 1 }))).toContain(
      "timed out after",
    );
  });

  test("negated, looks at what was printed so far, and shows the line that should not be", async () => {
    await vm.run();
    await expect(vm).not.toPrint("secret");
    service.vm.print("the secret is out\n");
    expect(await failure(() => expect(vm).not.toPrint("secret"))).toContain("the secret is out");
  });

  test("refuses what is neither a VM nor a pattern", async () => {
    expect(await failure(() => expect(Promise.resolve(vm)).toPrint("x"))).toContain("await the call that makes the VM");
    expect(await failure(() => expect(vm).toPrint(42 as never))).toContain("takes a string or a regular expression");
  });
});

describe("toNeverPrint", () => {
  test("until a moment, also one that has passed: what came after it does not count", async () => {
    await vm.run();
    service.vm.print("before\n");
    service.vm.ready();
    service.vm.print("after\n");
    const until = moment.stage(vm, "ready");
    await expect(vm).toNeverPrint("after", { until });
    expect(await failure(() => expect(vm).toNeverPrint("before", { until }))).toContain("before");
    expect(await failure(() => expect(vm).toNeverPrint("after"))).toContain("after");
  });

  test("during some work, and what is on its way when it ends; fails at once", async () => {
    await vm.run();
    service.vm.print("secret\n");
    await expect(vm).toNeverPrint("secret", { during: Promise.resolve() });
    const late = (): void => void setTimeout(() => service.vm.print("secret\n"), 20);
    expect(await failure(() => expect(vm).toNeverPrint("secret", { during: late }))).toContain("secret");
    const failing = failure(() => expect(vm).toNeverPrint("secret", { during: new Promise(() => undefined) }));
    service.vm.print("secret\n");
    expect(await failing).toContain("secret");
  });

  test("a VM that could not print proves nothing", async () => {
    await vm.run();
    const crash = (): void => service.vm.die("CRASH");
    expect(await failure(() => expect(vm).toNeverPrint("x", { during: crash }))).toContain("ended meanwhile");
    expect(await failure(() => expect(vm).toNeverPrint("x", { forMs: 1 }))).toContain("did not run");
    expect(await failure(() => expect(vm).not.toNeverPrint("x"))).toContain("use toPrint()");
  });

  test("the work's own failure is the failure", async () => {
    await vm.run();
    const broken = (): never => {
      throw new Error("broken");
    };
    expect(await failure(() => expect(vm).toNeverPrint("x", { during: broken }))).toBe("broken");
  });
});

describe("status", () => {
  test("toHaveStatus shows the history if the status is another", async () => {
    await vm.run();
    await expect(vm).toHaveStatus("RUNNING");
    service.vm.print("last words\n");
    service.vm.die("REBOOT");
    await expect(vm).not.toHaveStatus("RUNNING");
    const message = await failure(() => expect(vm).toHaveStatus("RUNNING"));
    expect(message).toContain('VM "vm1" is STOPPED.');
    expect(message).toMatch(/RUNNING \(run\)\n.*STOPPED \(died: REBOOT\)/);
    expect(message).toContain("last words");
  });

  test("toReachStatus waits for it, within its time", async () => {
    await vm.run();
    const waiting = expect(vm).toReachStatus("STOPPED");
    service.vm.die("SHUTDOWN");
    await waiting;
    await expect(vm).not.toReachStatus("RUNNING");
    expect(await failure(() => expect(vm).toReachStatus("RUNNING", { timeoutMs: 1 }))).toContain(
      "is STOPPED after 1 ms",
    );
  });

  test("a time that is none is refused", async () => {
    const wrong = { timeoutMs: "5s" as never };
    expect(await failure(() => expect(vm).toReachStatus("RUNNING", wrong))).toContain('takes milliseconds, not "5s"');
  });

  test("an unknown status is refused", async () => {
    expect(await failure(() => expect(vm).toHaveStatus("PAUSED" as never))).toContain('There is no status "PAUSED"');
  });
});

describe("toHaveTransitions", () => {
  test("compares all of them, and shows the difference", async () => {
    await vm.run();
    await vm.stop();
    expect(vm).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
    expect(vm).not.toHaveTransitions(["STOPPED", "RUNNING"]);
    const message = await failure(() => expect(vm).toHaveTransitions(["STOPPED", "RUNNING"]));
    expect(message).toMatch(/\+ +"STOPPED",/);
    expect(message).toContain("STOPPED (stop: KILLED)");
  });
});

describe("toHaveCid", () => {
  test("is about a VM that runs", async () => {
    expect(vm).not.toHaveCid();
    expect(await failure(() => expect(vm).toHaveCid())).toContain("is STOPPED and has no CID");
    await vm.run();
    expect(vm).toHaveCid();
    expect(vm).toHaveCid(service.vm.cid);
    expect(vm).toHaveCid(expect.any(Number));
    expect(vm).not.toHaveCid(3);
  });
});
