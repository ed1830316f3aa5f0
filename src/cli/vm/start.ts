/** `npm start`: vm1 and vm2 at once, their consoles live, and a table at the end. */
import { join } from "node:path";
import { atOnce } from "../../base/async/at-once.js";
import { packageRoot } from "../../base/paths.js";
import type { App } from "../../lab/app.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";
import { parseCommandLine } from "../command-line.js";
import { onInterrupt } from "../interrupt.js";
import { openApp, removeVm } from "./open-app.js";
import { showProgress } from "../progress.js";
import { summaryTable } from "./vm-summary.js";
import { showVm } from "./vm-view.js";

const APK = join(packageRoot, "fixtures/MicrodroidTestApp.apk");
const PAYLOAD_CONFIG = "assets/vm_config.json";
const MEMORY_BYTES = 192 << 20;
const NAMES = ["vm1", "vm2"];
/** A boot takes some seconds; on a host that runs other things beside it, many times that. */
const GREETING_TIMEOUT_MS = 240_000;

export async function run(args: readonly string[]): Promise<number> {
  parseCommandLine("start", args, { least: 0, most: 0 });
  const progress = showProgress();
  const interrupt = onInterrupt();
  try {
    const opened = await openApp(APK, progress, interrupt.signal);
    try {
      progress.done();
      process.stdout.write(`${opened.deviceDescription}, ${opened.app.packageName} installed\n\n`);
      await runBoth(opened.app, interrupt.signal);
    } finally {
      await opened.close();
    }
    return 0;
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

async function runBoth(app: App, signal: AbortSignal): Promise<void> {
  const vms: VirtualMachine[] = [];
  try {
    await runAll(app, vms, signal);
  } finally {
    for (const vm of vms) await removeVm(vm);
  }
}

async function runAll(app: App, vms: VirtualMachine[], signal: AbortSignal): Promise<void> {
  const config = app.vmConfig(PAYLOAD_CONFIG).setMemoryBytes(MEMORY_BYTES).build();
  // They are made one after the other: the first starts meanwhile.
  await atOnce(
    ...NAMES.map((name, index) => async () => {
      const vm = await app.vmm.create(name, config);
      showVm(vm, index);
      vms.push(vm);
      await vm.run({ signal });
    }),
  );
  const cids = vms.map((vm) => vm.cid);
  const wait = { timeoutMs: GREETING_TIMEOUT_MS, signal };
  await Promise.all(vms.map((vm) => vm.waitForConsole(/Hello Microdroid/, wait)));
  // Both are up: a few lines more show that they live side by side.
  await Promise.all(vms.map((vm) => vm.waitForConsole(/tick 3 /, wait)));
  await Promise.all(vms.map((vm) => vm.stop()));
  for (const vm of vms) await vm.delete();
  process.stdout.write(`\n${summaryTable(vms.map((vm, index) => ({ vm, cid: cids[index] })))}`);
}
