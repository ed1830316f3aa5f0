import fc from "fast-check";
import {
  expect,
  isHarnessError,
  test,
  VirtualMachineManager,
  type App,
  type Device,
  type VirtualMachine,
} from "jest-avf";
import { lifecycleCommands, type Command, type RealSide } from "../model/lifecycle-commands";
import { LifecycleModel, type Name } from "../model/lifecycle-model";

/** The unit test of the same name runs many scripts; here there are few, with real VMs. */
const SCRIPTS = 3;
const MAX_COMMANDS = 14;

test("two managers, two names, any order of calls: results follow the rules", async ({ device, app }) => {
  const since17 = Number((await device.getProperties()).get("ro.build.version.sdk")) >= 37;
  const rules = { saysTakenName: since17, runsWithoutFolder: since17 };
  const runScript = async (commands: Iterable<Command>): Promise<void> => {
    const real = deviceSide(device, app);
    try {
      await fc.asyncModelRun(() => ({ model: new LifecycleModel(rules), real }), commands);
    } finally {
      await removeAll(real);
    }
  };
  let latest = Promise.resolve();
  await fc.assert(
    fc.asyncProperty(lifecycleCommands(MAX_COMMANDS), (commands) => (latest = runScript(commands))),
    // A VM takes seconds: when the time for shrinking is over, the shortest failing script so far is shown.
    { numRuns: SCRIPTS, interruptAfterTimeLimit: 120_000, markInterruptAsFailure: false },
  );
  // On a busy host the time is over in the middle of a script, which goes on.
  await latest;
  expect(await app.vmm.list()).toEqual([]);
});

/** Managers of contexts of their own know nothing of each other's objects, as in two processes. */
function deviceSide(device: Device, app: App): RealSide {
  return {
    isHarnessError,
    config: app.vmConfig("assets/vm_config.json").build(),
    managers: {
      a: VirtualMachineManager.getInstance({ ...app.context }),
      b: VirtualMachineManager.getInstance({ ...app.context }),
    },
    vms: [],
    die: (vm) => killTool(device, vm),
    removeFiles: async (name: Name) => {
      // The library removes the folder of a run that ended: rm complains about files that disappear meanwhile, and continues.
      const script = 'rm -rf "$1"; [ ! -e "$1" ]';
      await device.exec(["sh", "-c", script, "sh", `${app.context.dataFolder}/vm/${name}`]);
    },
  };
}

/** A VM dies when its `vm` command is killed, without a call to the library. */
async function killTool(device: Device, vm: VirtualMachine): Promise<void> {
  if (vm.cid === undefined) return;
  const { stdout } = await device.exec(["/apex/com.android.virt/bin/vm", "list"]);
  const entry = stdout.split("VirtualMachineDebugInfo").find((text) => text.includes(`cid: ${String(vm.cid)},`));
  const pid = /requesterPid: (\d+)/.exec(entry ?? "")?.[1];
  if (pid === undefined) throw new Error(`no VM with CID ${vm.cid} in:\n${stdout}`);
  await device.exec(["kill", "-9", pid]);
  const outcome = await vm.waitFor("died");
  if (outcome.kind !== "died") throw new Error(`VM ${vm.getName()} outlived its command: ${outcome.kind}`);
}

async function removeAll({ vms, managers }: RealSide): Promise<void> {
  for (const vm of vms) await vm.close();
  for (const name of await managers.a.list()) await managers.a.delete(name);
}
