import { expect, test, type Device, type VirtualMachine, type VirtualMachineManager } from "jest-avf";
import { otherKey, payloadApk } from "./support/payload-apk";
import { configFor, putApk, REFUSALS, runForFacts, runToEnd } from "./support/payload-vm";

test("each VM has a secret of its own, as long as it lives", async ({ device, app, vmm }) => {
  const apk = await putApk(device, app, "identity", await payloadApk());
  const shared = configFor(app, apk).build();
  const vm1 = await vmm.create("vm1", shared);
  const vm2 = await vmm.create("vm2", shared);
  const [facts1, facts2] = await Promise.all([runForFacts(vm1), runForFacts(vm2)]);
  const secret = facts1.get("secret alpha");
  expect(facts2.get("secret alpha")).not.toBe(secret);

  await vm2.stop();
  await vm2.delete();
  const next2 = await vmm.create("vm2", shared);
  await vm1.stop();
  const [again1, again2] = await Promise.all([runForFacts(vm1), runForFacts(next2)]);
  expect(again1.get("secret alpha")).toBe(secret);
  expect(again2.get("secret alpha")).not.toBe(facts2.get("secret alpha"));
});

test("a VM refuses another payload than that of its first boot", async ({ device, app, vmm }) => {
  const apk = await putApk(device, app, "refusing", await payloadApk());
  const vm = await vmm.create("vm", configFor(app, apk).build());
  await runForFacts(vm);
  await vm.stop();
  const variant = async (name: string, changed: Buffer): Promise<VirtualMachine> => {
    const copy = await copyOf(vmm, vm, name);
    await copy.setConfig(configFor(app, await putApk(device, app, name, changed)).build());
    return copy;
  };
  const older = await variant("older", await payloadApk({ versionCode: 1 }));
  const resigned = await variant("resigned", await payloadApk({ key: await otherKey() }));
  const renamed = await variant("renamed", await payloadApk({ packageName: "com.android.microdroid.test.renamed" }));
  const otherConfig = await vmm.create("other-config", configFor(app, apk, "assets/vm_config_other.json").build());
  await giveImage(device, vm, otherConfig);
  await device.exec(["cp", `${vm.getRootDir()}/instance_id`, `${otherConfig.getRootDir()}/instance_id`]);

  const [ofOlder, ofResigned] = await Promise.all([runToEnd(older), runToEnd(resigned)]);
  expect(ofOlder).toMatchObject(REFUSALS.changed);
  expect(ofOlder.errors[0]?.message).toContain("from version 2 to version 1");
  expect(ofResigned).toMatchObject(REFUSALS.changed);
  expect(ofResigned.errors[0]?.message).toContain("signed by somebody else");

  const [ofRenamed, ofOtherConfig] = await Promise.all([runToEnd(renamed), runToEnd(otherConfig)]);
  expect(ofRenamed).toMatchObject(REFUSALS.changed);
  expect(ofRenamed.errors[0]?.message).toContain("com.android.microdroid.test.renamed");
  expect(ofOtherConfig).toMatchObject(REFUSALS.changed);
  expect(ofOtherConfig.errors[0]?.message).toContain("payload config");

  // In place, as an update of the app does it; this time through the command, whose output has it too.
  await putApk(device, app, "refusing", await payloadApk({ versionCode: 3 }));
  const said = await device.exec([
    ...["/apex/com.android.virt/bin/vm", "run-app", "--config-path", "assets/vm_config.json"],
    ...["--instance-id-file", `${vm.getRootDir()}/instance_id`, apk],
    ...[`${vm.getRootDir()}/idsig`, `${vm.getRootDir()}/instance.img`],
  ]);
  expect(said.stderr).toMatch(/^VM encountered an error: code=PayloadChanged, message=.*from version 2 to version 3/m);
  expect(said.stdout).toMatch(/^VM ended: MicrodroidPayloadHasChanged$/m);
});

test("a VM refuses an instance image that is not its own, or not whole", async ({ device, app, vmm }) => {
  const apk = await putApk(device, app, "image", await payloadApk());
  const shared = configFor(app, apk).build();
  const vm1 = await vmm.create("vm1", shared);
  const vm2 = await vmm.create("vm2", shared);
  const [facts1] = await Promise.all([runForFacts(vm1), runForFacts(vm2)]);
  await Promise.all([vm1.stop(), vm2.stop()]);
  const copy = await copyOf(vmm, vm1, "copy");
  const cut = await copyOf(vmm, vm1, "cut");
  await device.exec(["truncate", "-s", "1024", imagePath(cut)]);
  const scrambled = await copyOf(vmm, vm1, "scrambled");
  await device.exec([
    "dd",
    "if=/dev/urandom",
    `of=${imagePath(scrambled)}`,
    ..."bs=1 seek=1100 count=4 conv=notrunc".split(" "),
  ]);
  await giveImage(device, vm1, vm2);

  const [ofSwapped, ofCut] = await Promise.all([runToEnd(vm2), runToEnd(cut)]);
  expect(ofSwapped).toMatchObject(REFUSALS.changed);
  expect(ofSwapped.errors[0]?.message).toContain("belongs to another VM");
  expect(ofCut).toMatchObject(REFUSALS.changed);
  const [ofScrambled, facts] = await Promise.all([runToEnd(scrambled), runForFacts(copy)]);
  expect(ofScrambled).toMatchObject(REFUSALS.changed);
  // The whole image with its id is the VM, under whatever name.
  expect(facts.get("secret alpha")).toBe(facts1.get("secret alpha"));
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
