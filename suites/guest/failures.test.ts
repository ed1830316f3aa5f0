import {
  adbIntoVm,
  checkpoint,
  describe,
  expect,
  test,
  type Device,
  type VirtualMachine,
  type VirtualMachineManager,
} from "jest-avf";

/** Of Android's userdebug builds: no other user may kill processes of the system. */
const SU = "/system/xbin/su";
/** `ps` would truncate them. */
const COMMAND_LINES = 'for p in /proc/[0-9]*; do echo "${p#/proc/} $(tr "\\0" " " <$p/cmdline)"; done 2>/dev/null';
const HANGUP_LIMIT = "hypervisor.virtualizationmanager.hangup_timeout_ms";

const ENDS_OF_GUESTS = [
  ["it restarts itself", "reboot -f", "REBOOT"],
  ["it powers itself off", "poweroff -f", "SHUTDOWN"],
] as const;

describe("a VM that is ready", () => {
  test.use({ from: checkpoint("a VM is ready", ({ readyVm }) => void readyVm) });

  test.each(ENDS_OF_GUESTS)(
    "when %s (%s), the VM ends with %s",
    async ({ device, vmm, signal }, _, command, reason) => {
      const vm = await ready(vmm);
      await using guest = await adbIntoVm(device, vm, { signal });
      guest.spawn(["sh", "-c", command]);
      expect(await vm.waitFor("died")).toMatchObject({ reason: { name: reason } });
      expect(errorsOf(vm)).toEqual([]);
    },
  );

  test("a kernel that panics prints the reason on its console, and its VM ends with CRASH", async ({
    device,
    vmm,
    signal,
  }) => {
    const vm = await ready(vmm);
    await using guest = await adbIntoVm(device, vm, { signal });
    guest.spawn(["sh", "-c", "echo c >/proc/sysrq-trigger"]);
    await expect(vm.waitForConsole("never printed")).toRejectWithKind("vm", "VM_PANICKED");
    expect(await vm.waitFor("died")).toMatchObject({ reason: { name: "CRASH" } });
    const lines = vm.output.lines().map(({ text }) => text);
    expect(lines).toContainEqual(expect.stringMatching(/Kernel panic - not syncing: sysrq triggered crash$/));
    expect(lines).toContainEqual(expect.stringMatching(/ sysrq_handle_crash\+/));
  });

  test("a payload that a signal ends is an error of its VM, and no exit code", async ({ device, vmm, signal }) => {
    const vm = await ready(vmm);
    await using guest = await adbIntoVm(device, vm, { signal });
    guest.spawn(["killall", "-SEGV", "microdroid_launcher"]);
    await expect(vm.waitForConsole("never printed")).toRejectWithKind("vm", "PAYLOAD_CRASHED");
    expect(await vm.waitFor("died")).toMatchObject({ reason: { name: "MICRODROID_UNKNOWN_RUNTIME_ERROR" } });
    expect(errorsOf(vm)).toEqual([expect.stringContaining("Payload exited due to signal: 11 (SIGSEGV)")]);
    expect(vm.events.history.filter(({ event }) => event.kind === "payload-finished")).toEqual([]);
  });
});

test("a guest that does not come up in time ends with HANGUP", async ({ device, app, vmm }) => {
  await device.exec(["setprop", HANGUP_LIMIT, "300"]);
  try {
    const vm = await vmm.create("slow", app.vmConfig("assets/vm_config.json").build());
    await vm.run();
    expect(await vm.waitFor("started")).toMatchObject({ kind: "died", reason: { name: "HANGUP" } });
  } finally {
    await device.exec(["setprop", HANGUP_LIMIT, ""]);
  }
});

test("a killed monitor ends its own VM; a killed service ends all VMs, and is started again", async ({
  device,
  app,
  vmm,
}) => {
  const config = app.vmConfig("assets/vm_config.json").build();
  const victim = await vmm.create("victim", config);
  const other = await vmm.create("other", config);
  await Promise.all([victim.run(), other.run()]);
  await Promise.all([victim.waitFor("ready"), other.waitFor("ready")]);

  await killAsRoot(device, await monitorsOf(device, victim));
  expect(await victim.waitFor("died")).toMatchObject({ reason: { name: "KILLED" } });
  await expect(other).toHaveStatus("RUNNING");

  await device.exec(["setprop", "debug.of.before", "kept"]);
  const before = await device.getProperties();
  const monitors = await monitorsOf(device, other);
  await killAsRoot(device, await processesLike(device, /\/avfd\.cjs/));
  expect(await other.waitFor("died")).toMatchObject({ reason: { name: "VIRTUALIZATION_SERVICE_DIED" } });
  await expect(other).toHaveStatus("STOPPED");

  // The same device as before, in the same release, with the same packages.
  expect(await device.getProperties()).toEqual(before);
  expect((await device.exec(["/apex/com.android.virt/bin/vm", "list"])).stdout.trim()).toBe("Running VMs: []");
  expect((await device.execUnchecked(["kill", "-0", ...monitors])).stderr).toContain("No such process");
  await other.run();
  expect(await other.waitFor("ready")).toEqual({ kind: "ready" });
});

async function ready(vmm: VirtualMachineManager): Promise<VirtualMachine> {
  const vm = await vmm.get("vm1");
  if (vm === null) throw new Error("the checkpoint has no vm1");
  return vm;
}

function errorsOf(vm: VirtualMachine): readonly string[] {
  return vm.events.history.flatMap(({ event }) => (event.kind === "error" ? [event.message] : []));
}

/** Process ids of the VM's QEMU or crosvm. */
async function monitorsOf(device: Device, vm: VirtualMachine): Promise<readonly string[]> {
  return processesLike(device, new RegExp(`(guest-cid=|--cid )${String(vm.cid)}\\b`));
}

async function processesLike(device: Device, commandLine: RegExp): Promise<readonly string[]> {
  const { stdout } = await device.exec(["sh", "-c", COMMAND_LINES]);
  const lines = stdout.split("\n").filter((line) => commandLine.test(line));
  if (lines.length === 0) throw new Error(`no process like ${String(commandLine)} in:\n${stdout}`);
  return lines.map((line) => line.split(" ")[0] ?? "");
}

async function killAsRoot(device: Device, processes: readonly string[]): Promise<void> {
  await device.exec([SU, "0", "kill", "-9", ...processes]);
}
