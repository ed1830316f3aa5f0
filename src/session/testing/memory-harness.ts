/** A harness without a device, for suites that unit tests run as children. Its VMs do what their payload config names. */
import { appendFileSync } from "node:fs";
import { HarnessError } from "../../base/errors.js";
import { App } from "../../lab/app.js";
import { makeCustomVm } from "../../lab/custom-vm/make-custom-vm.js";
import { guardService } from "../../lab/watch/guarded-service.js";
import { LeakCheck } from "../../lab/leaks/index.js";
import type { Busy } from "../../lab/watch/recorded-calls.js";
import { deviceFacts } from "../../lab/requirements/index.js";
import { watchDevice, type HeldThing } from "../../lab/watch/watched-device.js";
import type { Harness } from "../../lab/harness.js";
import { createVmContext } from "../../virtualmachine/index.js";
import { memoryContext, type MemoryVm } from "../../virtualmachine/testing/memory-service.js";
import { MemoryDevice } from "./memory-device.js";

/** Where the harness writes, when it is closed, how many VMs still run and which files are left. */
export const CLOSING_LOG = "AVF_TEST_CLOSING_LOG";

/** The device's processors are emulated. */
export const EMULATED_CPUS = "AVF_TEST_EMULATED_CPUS";

/** Payload of a VM that boots and hangs then: its kernel answers no more. */
const HANGS = "assets/freeze.json";

/** One more line of every boot. */
export const BOOT_LINE = "AVF_TEST_BOOT_LINE";

export async function openHarness(callSignal: () => AbortSignal | undefined, busy: Busy): Promise<Harness> {
  const device = new MemoryDevice();
  const { context, service } = memoryContext({ gone: device.gone });
  service.answers = { protectedVm: false };
  service.onStart = (vm) => void setTimeout(() => behave(vm, device), 10);
  const app = new App(await createVmContext({ ...context, service: guardService(service, callSignal) }));
  const close = async (): Promise<void> => {
    const running = service.vms.filter((vm) => vm.state() !== "DEAD").length;
    const left = [...service.files.entries.keys()].filter((path) => path.includes("/vm/"));
    const log = process.env[CLOSING_LOG];
    if (log !== undefined) appendFileSync(log, `${JSON.stringify({ started: service.vms.length, running, left })}\n`);
  };
  const held = new Set<HeldThing>();
  let calls = 0;
  const plain = device.asDevice();
  return {
    device: watchDevice(plain, {
      record: undefined,
      onCall: () => calls++,
      tests: { signal: callSignal, held, busy },
    }),
    ...{ apps: [app], owners: [app] as const },
    customVm: (spec) => makeCustomVm({ owner: app, images: device.images, root: process.cwd() }, spec),
    facts: deviceFacts(plain, service),
    leakCheck: new LeakCheck(device.inspector(), () => calls),
    deviceName: "memory-1",
    emulatesCpus: process.env[EMULATED_CPUS] !== undefined,
    guestAnswers: async (cid) => payloadOf(service.vms.find((vm) => vm.cid === cid)) !== HANGS,
    endTest: async () => {
      const things = [...held];
      held.clear();
      await Promise.all(things.map((thing) => thing.end()));
      return things.map(({ what }) => what);
    },
    close,
  };
}

function payloadOf(vm: MemoryVm | undefined): string {
  return vm?.config.payload.kind === "config" ? vm.config.payload.configPath : "";
}

/** What a VM does, by the payload config that it is given. */
function behave(vm: MemoryVm, device: MemoryDevice): void {
  if ("image" in vm.asked) {
    vm.print(`[    0.000001] Command line: ${vm.asked.image.params}\n[    0.500000] Run /init as init process\n`);
    return;
  }
  const payload = payloadOf(vm);
  const stamp = (text: string): void =>
    vm.print(`[    0.${String(process.hrtime()[1]).padStart(6, "0").slice(0, 6)}] ${text}\n`);
  vm.print(`init: loading ${payload}\n`);
  switch (payload) {
    case "assets/panic.json":
      vm.print("Kernel panic - not syncing\n");
      return vm.die("CRASH");
    case "assets/panic-and-hang.json":
      return vm.print("Kernel panic - not syncing: no init found\nCall Trace:\n");
    case "assets/die.json":
      return vm.die("REBOOT");
    case "assets/crash.json":
      vm.started();
      vm.log("E microdroid_manager: Payload exited due to signal: 11 (SIGSEGV)\n");
      return vm.die("MICRODROID_UNKNOWN_RUNTIME_ERROR");
    case "assets/deaf.json":
      vm.connectVsock = () => Promise.reject(new HarnessError("vm", "VSOCK_REFUSED", "Nobody listens."));
      return vm.print("deaf\n");
    case "assets/ktap.json":
      vm.print(
        "TAP version 13\n1..3\nok 1 disk\n# no answer from 10.0.2.2\nnot ok 2 net # exit=1\nok 3 usb # SKIP no usb\n",
      );
      return vm.die("SHUTDOWN");
    case "assets/hang.json":
      return stamp("microdroid_manager[1]: started.");
    case "assets/lose-device.json":
      void device.exec(["vanish"]).catch(() => undefined);
      return vm.die("VIRTUALIZATION_SERVICE_DIED");
  }
  stamp(`microdroid_manager[${vm.cid}]: started.`);
  stamp(`virtio_vsock: cid ${vm.cid}, ring at 0x${(vm.cid * 4096).toString(16)}`);
  if (process.env[BOOT_LINE] !== undefined) stamp(process.env[BOOT_LINE]);
  stamp("microdroid_manager[1]: executing main task microdroid_launcher X.so...");
  vm.started();
  if (payload === "assets/silent.json" || payload === HANGS) return;
  if (payload === "assets/ticks.json") setInterval(() => vm.print("tick\n"), 20).unref();
  vm.print(`Hello Microdroid ${vm.config.name}\n`);
  if (payload === "assets/vm_config_exit.json") {
    vm.finish(42);
    return vm.die("SHUTDOWN");
  }
  vm.ready();
}
