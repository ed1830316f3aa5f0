/**
 * Copies of a template: a VM has its own identity although its kernel has booted as another VM.
 *
 * @jest-environment-options {"vmTemplates": true}
 */
import { expect, type Device, type VirtualMachine, type VirtualMachineManager } from "jest-avf";
import { test } from "./support/guest-test";
import { otherKey, payloadApk } from "./support/payload-apk";
import { configFor, READY_TIMEOUT_MS, REFUSALS, runForFacts, runToEnd } from "./support/payload-vm";

test("a VM has a secret of its own as long as it lives, and refuses images that are not its own", async ({
  device,
  app,
  vmm,
  shelf,
}) => {
  const apk = await shelf.put("identity", await payloadApk());
  const shared = configFor(app, apk).build();
  const vm1 = await vmm.create("vm1", shared);
  const vm2 = await vmm.create("vm2", shared);
  const [facts1, facts2] = await Promise.all([runForFacts(vm1), runForFacts(vm2)]);
  const secret = facts1.get("secret alpha");
  expect(facts2.get("secret alpha")).not.toBe(secret);
  await Promise.all([vm1.stop(), vm2.stop()]);

  const swapped = await copyOf(vmm, vm2, "swapped");
  const cut = await copyOf(vmm, vm1, "cut");
  const scrambled = await copyOf(vmm, vm1, "scrambled");
  await vm2.delete();
  const next2 = await vmm.create("vm2", shared);
  const [again1, again2] = await Promise.all([runForFacts(vm1), runForFacts(next2)]);
  expect(again1.get("secret alpha")).toBe(secret);
  expect(again2.get("secret alpha")).not.toBe(facts2.get("secret alpha"));
  await Promise.all([vm1.stop(), next2.stop()]);

  await giveImage(device, vm1, swapped);
  await device.exec(["truncate", "-s", "1024", imagePath(cut)]);
  const fourBytes = ["bs=1", "seek=1100", "count=4", "conv=notrunc"];
  await device.exec(["dd", "if=/dev/urandom", `of=${imagePath(scrambled)}`, ...fourBytes]);
  const endings = await Promise.all([runToEnd(swapped), runToEnd(cut), runToEnd(scrambled)]);
  for (const ending of endings) {
    expect(ending).toMatchObject(REFUSALS.changed);
    expect(ending.errors[0]?.message).toContain("is damaged, or belongs to another VM");
  }
});

test("a VM refuses another payload than that of its first boot", async ({ device, app, vmm, shelf }) => {
  const apk = await shelf.put("refusing", await payloadApk());
  const vm = await vmm.create("vm", configFor(app, apk).build());
  await runForFacts(vm);
  await vm.stop();
  const variant = async (name: string, changed: Buffer): Promise<VirtualMachine> => {
    const copy = await copyOf(vmm, vm, name);
    await copy.setConfig(configFor(app, await shelf.put(name, changed)).build());
    return copy;
  };
  const older = await variant("older", await payloadApk({ versionCode: 1 }));
  const resigned = await variant("resigned", await payloadApk({ key: await otherKey() }));
  const otherConfig = await vmm.create("other-config", configFor(app, apk, "assets/vm_config_other.json").build());
  await giveImage(device, vm, otherConfig);
  await device.exec(["cp", `${vm.getRootDir()}/instance_id`, `${otherConfig.getRootDir()}/instance_id`]);

  const endings = await Promise.all([runToEnd(older), runToEnd(resigned), runToEnd(otherConfig)]);
  for (const ending of endings) expect(ending).toMatchObject(REFUSALS.changed);
  const [ofOlder, ofResigned, ofOtherConfig] = endings.map(({ errors }) => errors[0]?.message);
  expect(ofOlder).toContain("went down from version 2 to version 1");
  expect(ofResigned).toContain("signed by somebody else");
  expect(ofOtherConfig).toContain("payload config");

  // In place, as an update of the app would; this time through the command, whose output has it too.
  await shelf.put("refusing", await payloadApk({ versionCode: 3 }));
  const argv = [
    ...["/apex/com.android.virt/bin/vm", "run-app", "--config-path", "assets/vm_config.json"],
    ...["--instance-id-file", `${vm.getRootDir()}/instance_id`, apk],
    ...[`${vm.getRootDir()}/idsig`, imagePath(vm)],
  ];
  const said = await device.exec(argv, { timeoutMs: READY_TIMEOUT_MS });
  expect(said.stderr).toMatch(
    /^VM encountered an error: code=PayloadChanged, message=.*up from version 2 to version 3/m,
  );
  expect(said.stdout).toMatch(/^VM ended: MicrodroidPayloadHasChanged$/m);
});

/** A VM with the identity of another. */
async function copyOf(vmm: VirtualMachineManager, vm: VirtualMachine, name: string): Promise<VirtualMachine> {
  return vmm.importFromDescriptor(name, await vm.toDescriptor());
}

async function giveImage(device: Device, from: VirtualMachine, to: VirtualMachine): Promise<void> {
  await device.exec(["cp", imagePath(from), imagePath(to)]);
}

function imagePath(vm: VirtualMachine): string {
  return `${vm.getRootDir()}/instance.img`;
}
