/** A harness without a device, for suites that unit tests run as children. Its VMs do what their payload config names. */
import { appendFileSync } from "node:fs";
import { UsageError } from "../../base/errors.js";
import type { Device } from "../../device/contract.js";
import { App } from "../../fixtures/app.js";
import { guardService } from "../../fixtures/guarded-service.js";
import type { Harness } from "../../fixtures/wire.js";
import { createVmContext } from "../../virtualmachine/index.js";
import { memoryContext, type MemoryVm } from "../../virtualmachine/testing/memory-service.js";

/** Where the harness writes, when it is closed, how many VMs still run and which files are left. */
export const CLOSING_LOG = "AVF_TEST_CLOSING_LOG";

export async function openHarness(callSignal: () => AbortSignal | undefined): Promise<Harness> {
  const { context, service } = memoryContext();
  service.onStart = (vm) => void setTimeout(() => behave(vm), 10);
  const app = new App(await createVmContext({ ...context, service: guardService(service, callSignal) }));
  const close = async (): Promise<void> => {
    const running = service.vms.filter((vm) => vm.state() !== "DEAD").length;
    const left = [...service.files.entries.keys()].filter((path) => path.includes("/vm/"));
    const log = process.env[CLOSING_LOG];
    if (log !== undefined) appendFileSync(log, `${JSON.stringify({ started: service.vms.length, running, left })}\n`);
  };
  return { device: noDevice(), apps: [app], endTest: async () => undefined, close };
}

function behave(vm: MemoryVm): void {
  const payload = vm.config.payload.kind === "config" ? vm.config.payload.configPath : "";
  vm.print(`init: loading ${payload}\n`);
  if (payload === "assets/panic.json") {
    vm.print("Kernel panic - not syncing\n");
    return vm.die("CRASH");
  }
  vm.started();
  if (payload === "assets/silent.json") return;
  vm.print(`Hello Microdroid ${vm.config.name}\n`);
  if (payload === "assets/vm_config_exit.json") {
    vm.finish(42);
    return vm.die("SHUTDOWN");
  }
  vm.ready();
}

function noDevice(): Device {
  const gone = new AbortController().signal;
  return new Proxy({ serial: "memory", gone } as Device, {
    get: (target, name): unknown => {
      if (name in target) return Reflect.get(target, name);
      throw new UsageError("NO_DEVICE", `The harness in memory has no device to ${String(name)} on.`);
    },
  });
}
