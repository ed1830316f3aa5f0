import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineManager } from "../manager.js";
import { builder, setUp } from "../testing/manager-setup.js";
import { memoryContext } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";

const NOT_IN_TOOL = "\nHint: The `vm` tool of a device has no command for it.";

test("suspend and resume check what Android checks, and are refused by name", async () => {
  const { manager, config } = setUp();
  const vm = await manager.create("vm1", config);
  for (const call of [() => vm.suspend(), () => vm.resume()]) {
    expect(await outcomeOf(call)).toBe("VM_NOT_RUNNING: VM is not running");
  }
  await vm.run();
  const refused = (method: string): string => `UNSUPPORTED_OPERATION: VirtualMachine.${method}() is not supported.`;
  expect(await outcomeOf(() => vm.suspend())).toBe(refused("suspend") + NOT_IN_TOOL);
  expect(await outcomeOf(() => vm.resume())).toBe(refused("resume") + NOT_IN_TOOL);
  expect(vm.status).toBe("RUNNING");
});

test("suspend and resume of a VM that ended by itself", async () => {
  const { manager, config, service } = setUp();
  const vm = await manager.create("vm1", config);
  await vm.run();
  service.vms[0]!.die("KILLED");
  for (const call of [() => vm.suspend(), () => vm.resume()]) {
    expect(await outcomeOf(call)).toBe("VM_NOT_RUNNING: VM is not running");
  }
});

test("storage that a VM was made without is missed after its APKs, as on Android", async () => {
  const { context, service } = memoryContext();
  service.answers = { sdk: 36 };
  const vmm = VirtualMachineManager.getInstance({ ...context, capabilities: await service.capabilities() });
  const vm = await vmm.create("vm1", builder(context).build());
  await vm.setConfig(builder(context).setEncryptedStorageBytes(5000).build());
  expect(await outcomeOf(() => vm.run())).toMatch(/: there is no storage\.img\n/);
  await service.files.remove(context.apkPath);
  expect(await outcomeOf(() => vm.run())).toMatch(/^APK_NOT_FOUND: Failed to open APK\n/);
});

test("the balloon of a Microdroid VM is managed by Android itself", async () => {
  const { manager, config } = setUp();
  const vm = await manager.create("vm1", config);
  for (let round = 0; round < 2; round++) {
    expect(await vm.getMemoryBalloon()).toBe(0);
    expect(await vm.getActualMemoryBalloonBytes()).toBe(0);
    expect(await outcomeOf(() => vm.setMemoryBalloon(1 << 20))).toBe("ok");
    expect(await outcomeOf(() => vm.setMemoryBalloonByPercent(101))).toBe("ok");
    if (round === 0) {
      expect(await outcomeOf(() => vm.setMemoryBalloonByPercent(50))).toBe("ok");
      await vm.run();
    }
  }
  const refused = "UNSUPPORTED_OPERATION: VirtualMachine.setMemoryBalloonByPercent() is not supported.";
  expect(await outcomeOf(() => vm.setMemoryBalloonByPercent(50))).toBe(refused + NOT_IN_TOOL);
});

test("a callback for guest agents is refused by name", async () => {
  const { manager, config } = setUp();
  const vm = await manager.create("vm1", config);
  const refused =
    "UNSUPPORTED_OPERATION: VirtualMachineCallback.onGuestAgentRegistered() is not supported." +
    "\nHint: The `vm` tool of a device does not tell of guest agents.";
  expect(await outcomeOf(() => vm.setCallback({ onGuestAgentRegistered: () => undefined }))).toBe(refused);
});

describe("a payload config of 17, which may have tenants", () => {
  const CONFIGS: Readonly<Record<string, string>> = {
    "plain.json": "{}",
    "broken.json": '{"path":[{"path": "/a.apk"}}',
    "list.json": '{"tenants":{}}',
    "tenants.json": '{"tenants":[{"package":"com.a","name":"a","uid":10001}]}',
    "none.json": '{"tenants":[]}',
  };
  const onSdk = async (sdk: number) => {
    const { context, service } = memoryContext();
    service.answers = { sdk };
    const readApkEntry = async (_apk: string, entry: string) => Buffer.from(CONFIGS[entry] ?? "");
    const told = { ...context, readApkEntry, capabilities: await service.capabilities() };
    const configOf = (path: string) => new VirtualMachineConfig.Builder(told, path).setProtectedVm(false).build();
    return { vmm: VirtualMachineManager.getInstance(told), configOf };
  };

  // Android 17's own class answers the first two so: npm run oracle -- --seed 424242 --kind manager --release 17.
  test.each([
    ["broken.json", /^EXTRA_APKS_INVALID: Couldn't parse tenant apks from the vm config/],
    ["none.json", /^ok$/],
    ["list.json", /^ILLEGAL_STATE: Expected BEGIN_ARRAY but was BEGIN_OBJECT/],
    ["tenants.json", /^UNSUPPORTED_OPERATION: Tenants of a VM are not supported/],
  ])("setConfig reads %s, and the object keeps its config when that fails", async (path, said) => {
    const { vmm, configOf } = await onSdk(37);
    const vm = await vmm.create("vm1", configOf("plain.json"));
    const outcome = await outcomeOf(async () => void (await vm.setConfig(configOf(path))));
    expect(outcome).toMatch(said);
    expect(vm.getConfig().getPayloadConfigPath()).toBe(path === "none.json" ? path : "plain.json");
  });

  test("with tenants is refused by name when a VM is made, and is ignored on 16", async () => {
    const on17 = await onSdk(37);
    const made = await outcomeOf(() => on17.vmm.create("vm1", on17.configOf("tenants.json")));
    expect(made).toMatch(/^UNSUPPORTED_OPERATION: Tenants/);
    const on16 = await onSdk(36);
    expect((await on16.vmm.create("vm1", on16.configOf("tenants.json"))).status).toBe("STOPPED");
  });
});
