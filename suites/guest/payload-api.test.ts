import { expect, test, type App, type VirtualMachineConfigBuilder } from "jest-avf";
import { payloadApk } from "./support/payload-apk";
import { configFor, putApk, REFUSALS, runForFacts, runToEnd } from "./support/payload-vm";

const HEX_32 = /^[0-9a-f]{64}$/;

function binary(app: App, apk: string, library: string): VirtualMachineConfigBuilder {
  return app.vmConfigForBinary(library).setApkPath(apk);
}

test("a payload has Android's API, and the older entry point is found too", async ({ device, app, vmm }) => {
  const apk = await putApk(device, app, "api", await payloadApk());
  const vm = await vmm.create("api", configFor(app, apk).build());
  const old = await vmm.create("old", binary(app, apk, "OldEntryPayload.so").build());
  const [facts] = await Promise.all([runForFacts(vm), old.run()]);

  expect(facts.get("contents")).toBe("/mnt/apk");
  expect(facts.get("note")).toBe("a note in the APK");
  expect(facts.get("storage")).toBe("none");
  expect(facts.get("secret alpha")).toMatch(HEX_32);
  expect(facts.get("secret beta")).toMatch(HEX_32);
  expect(facts.get("secret beta")).not.toBe(facts.get("secret alpha"));
  expect(facts.get("short secret alpha")).toBe(facts.get("secret alpha")?.slice(0, 32));
  expect(facts.get("attestation")).toBe("-10003");
  expect(facts.get("attestation of too much")).toBe("-10001");
  expect(facts.get("uid")).toBe("6000");
  // The payload said it twice.
  expect(vm.events.history.filter(({ event }) => event.kind === "payload-ready")).toHaveLength(1);

  await expect(old).toPrint(/^Hello from the older entry point, \/mnt\/apk\/lib\/[^/]+\/OldEntryPayload\.so$/);
  expect(await old.waitFor("finished")).toEqual({ kind: "finished", exitCode: 13 });
});

test("what cannot be run says why", async ({ device, app, vmm }) => {
  const apk = await putApk(device, app, "api", await payloadApk());
  const create = async (name: string, config: VirtualMachineConfigBuilder) => vmm.create(name, config.build());
  const bionic = await create("bionic", binary(app, apk, "AndroidLibcPayload.so"));
  const noEntry = await create("no-entry", binary(app, apk, "NoEntryPayload.so"));
  const missing = await create("missing", binary(app, apk, "DoesNotExist.so"));
  const noTask = await create("no-task", configFor(app, apk, "assets/vm_config_no_task.json"));
  await Promise.all([bionic.run(), noEntry.run()]);
  expect(await bionic.waitFor("finished")).toEqual({ kind: "finished", exitCode: 1 });
  expect(await noEntry.waitFor("finished")).toEqual({ kind: "finished", exitCode: 1 });
  await expect(bionic).toPrint(/needs Android's own libc\.so, .* run it on an AVF device/);
  await expect(noEntry).toPrint("Failed to find entrypoint");

  const [ofMissing, ofNoTask] = await Promise.all([runToEnd(missing), runToEnd(noTask)]);
  expect(ofMissing).toMatchObject(REFUSALS.unknown);
  expect(ofMissing.errors[0]?.message).toContain("/DoesNotExist.so");
  expect(ofNoTask).toMatchObject(REFUSALS.badConfig);
  expect(ofNoTask.errors[0]?.message).toContain("No task in VM config");
});
