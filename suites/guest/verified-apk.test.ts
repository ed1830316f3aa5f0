/**
 * Copies of a template, so that what one VM's kernel saw of its disks cannot serve another one unnoticed.
 *
 * @jest-environment-options {"vmTemplates": true}
 */
import {
  bytesSource,
  flipEntryByte,
  flipSignerByte,
  flipTreeByte,
  openZip,
  staleDigest,
  truncateTree,
  type Spoiled,
} from "jest-avf/apk";
import { expect, type App, type Device, type VirtualMachine, type VirtualMachineManager } from "jest-avf";
import { test } from "./support/guest-test";
import { BLOCKS, BLOCKS_BYTES, manyBlocks, payloadApk } from "./support/payload-apk";
import {
  configFor,
  factsOf,
  REFUSALS,
  READY_TIMEOUT_MS,
  runForFacts,
  runToEnd,
  type Ending,
} from "./support/payload-vm";

/** `EIO`: what the kernel returns when a block does not match the tree. */
const IO_ERROR = "5";
const EARLY_ENOUGH_TRIES = 3;

test("no byte that was not signed is readable, neither at the first boot nor in a running VM", async ({
  device,
  app,
  vmm,
  shelf,
}) => {
  const apk = await payloadApk({ entries: { [BLOCKS]: manyBlocks() } });
  const path = await shelf.put("blocks", apk);
  const vm = await vmm.create("vm", configFor(app, path).build());
  const spoilt = await flipEntryByte(apk, BLOCKS, BLOCKS_BYTES / 2);
  const forged = await flipSignerByte(apk, "v3", "signature");
  const firstRun = async (name: string, { bytes }: Spoiled): Promise<Ending> => {
    const other = await vmm.create(name, configFor(app, await shelf.put(name, bytes)).build());
    return runToEnd(other);
  };

  const [facts, ofSpoilt] = await Promise.all([runForFacts(vm), firstRun("spoilt", spoilt)]);
  expect(facts.get("blocks")).toBe(String(BLOCKS_BYTES));
  expect(ofSpoilt).toMatchObject(REFUSALS.unverified);
  expect(ofSpoilt.errors[0]?.message).toContain("Digest mismatch");
  await vm.stop();

  // The VM knows this APK by now: nothing reads all of it, and so this block, before the payload does.
  const middle = (await (await openZip(bytesSource(apk))).locate(BLOCKS)).offset + BLOCKS_BYTES / 2;
  const overwrite = await overwriter(device, path, spoilt.bytes.subarray(middle, middle + 1), middle);
  await vm.run();
  await overwrite();
  const [ofForged, outcome] = await Promise.all([
    firstRun("forged", forged),
    vm.waitFor("ready", { timeoutMs: READY_TIMEOUT_MS }),
  ]);
  expect(outcome).toEqual({ kind: "ready" });
  const later = await factsOf(vm);
  expect(later.get("blocks error")).toBe(IO_ERROR);
  expect(later.get("blocks")).toBeUndefined();
  expect(ofForged).toMatchObject(REFUSALS.unverified);
  expect(ofForged.errors[0]?.message).toContain("Signature is invalid");
});

test("extra APKs are verified by idsigs of their own", async ({ device, app, vmm, shelf }) => {
  const extra = await payloadApk({ entries: { "assets/note.txt": Buffer.from("a note in the extra APK\n") } });
  const config = {
    task: { type: "microdroid_launcher", command: "VmFactsPayload.so" },
    extra_apks: [{ path: await shelf.put("extra", extra) }],
    export_tombstones: true,
  };
  const entries = { "assets/vm_config_extra.json": Buffer.from(JSON.stringify(config)) };
  const apk = await shelf.put("with-extra", await payloadApk({ entries }));
  const vmConfig = configFor(app, apk, "assets/vm_config_extra.json").build();
  const vm = await vmm.create("vm", vmConfig);
  const mixed = await vmm.create("mixed", vmConfig);
  // One file for both idsigs: the tool writes the extra APK's first, then the payload's over it.
  await device.exec(["touch", `${mixed.getRootDir()}/idsig`]);
  await device.exec(["ln", `${mixed.getRootDir()}/idsig`, `${mixed.getRootDir()}/extra_idsig_0`]);

  const [facts, ofMixed] = await Promise.all([runForFacts(vm), runToEnd(mixed)]);
  expect(facts.get("note")).toBe("a note in the APK");
  expect(facts.get("note of the extra apk")).toBe("a note in the extra APK");
  expect(ofMixed).toMatchObject(REFUSALS.unverified);
  expect(ofMixed.errors[0]?.message).toContain("extra-apk-0");
});

test("an idsig that is not the APK's own is refused", async ({ device, app, vmm, shelf }) => {
  const apk = await shelf.put("good", await payloadApk());
  const other = await shelf.put("other", await payloadApk({ versionCode: 1 }));
  const good = await idsigOf(device, apk);
  const spoilt = {
    "of-another-apk": await idsigOf(device, other),
    "flipped-tree": flipTreeByte(good).bytes,
    "cut-tree": truncateTree(good).bytes,
    "stale-digest": staleDigest(good).bytes,
  };
  const names = Object.keys(spoilt) as (keyof typeof spoilt)[];
  for (let at = 0; at < names.length; at += 2) {
    await Promise.all(names.slice(at, at + 2).map((name) => refuses(device, app, vmm, apk, name, spoilt[name])));
  }
});

/**
 * `vm run-app` makes the idsig itself, so it is corrupted while the guest boots. If the guest reads it before that, the VM
 * runs, and the test tries again.
 */
async function refuses(
  device: Device,
  app: App,
  vmm: VirtualMachineManager,
  apk: string,
  name: string,
  idsig: Buffer,
): Promise<void> {
  const vm: VirtualMachine = await vmm.create(name, configFor(app, apk).build());
  const overwrite = await overwriter(device, `${vm.getRootDir()}/idsig`, idsig);
  for (let attempt = 1; ; attempt++) {
    const end = await runToEnd(vm, overwrite);
    if (end.started && attempt < EARLY_ENOUGH_TRIES) continue;
    expect({ name, ...end }).toMatchObject({ name, ...REFUSALS.unverified });
    return;
  }
}

async function idsigOf(device: Device, apk: string): Promise<Buffer> {
  await device.exec(["/apex/com.android.virt/bin/vm", "create-idsig", apk, `${apk}.idsig`]);
  const idsig = await device.readFile(`${apk}.idsig`);
  if (!idsig) throw new Error(`no idsig of ${apk} was made`);
  return idsig;
}

/** Overwrites a file in place, because the VM has it open; a whole file is then truncated after the new content. */
async function overwriter(
  device: Device,
  path: string,
  content: Uint8Array,
  offset?: number,
): Promise<() => Promise<void>> {
  await device.push(content, `${path}.new`);
  const place = offset === undefined ? [] : ["conv=notrunc", "oflag=seek_bytes", `seek=${offset}`];
  return async () => void (await device.exec(["dd", `if=${path}.new`, `of=${path}`, "bs=64k", ...place]));
}
