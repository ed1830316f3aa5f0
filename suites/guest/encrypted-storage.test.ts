import { adbIntoVm, expect, type Device, type VirtualMachine } from "jest-avf";
import { test } from "./support/guest-test";
import { payloadApk } from "./support/payload-apk";
import { configFor, MARK, REFUSALS, runForFacts, runToEnd } from "./support/payload-vm";

const STORAGE_BYTES = 10 << 20;
/** The superblock of ext4 is mostly zeros; of 1024 random bytes about four are. */
const SUPERBLOCK = { start: 1024, end: 2048, maxZeros: 64 };

test("storage keeps what was written, for its own VM only", async ({ device, app, vmm, signal, shelf }) => {
  const apk = await shelf.put("storage", await payloadApk());
  const config = configFor(app, apk).setEncryptedStorageBytes(STORAGE_BYTES).build();
  const vm1 = await vmm.create("vm1", config);
  const vm2 = await vmm.create("vm2", config);
  for (const facts of await Promise.all([runForFacts(vm1), runForFacts(vm2)])) {
    expect(facts.get("storage")).toBe("/mnt/encryptedstore");
    expect(facts.get("storage held")).toBe("nothing");
    expect(facts.get("storage written")).toBe("yes");
  }
  await using guest = await adbIntoVm(device, vm1, { signal });
  // The file system has a journal, because a VM may be stopped at any time.
  expect((await guest.exec(["ls", "/proc/fs/jbd2"])).stdout).toMatch(/^dm-\d+/m);
  await guest.close();
  await Promise.all([vm1.stop(), vm2.stop()]);

  const image = await storageOf(device, vm1);
  expect(image).toHaveLength(STORAGE_BYTES);
  expect(image.includes(MARK)).toBe(false);
  const superblock = image.subarray(SUPERBLOCK.start, SUPERBLOCK.end);
  expect(superblock.filter((byte) => byte === 0).length).toBeLessThan(SUPERBLOCK.maxZeros);
  expect(image.includes("UNFORMATTED-STORAGE")).toBe(false);

  await device.exec(["cp", storagePath(vm1), storagePath(vm2)]);
  const [again, other] = await Promise.all([runForFacts(vm1), runToEnd(vm2)]);
  expect(again.get("storage held")).toBe(MARK);
  expect(other).toMatchObject(REFUSALS.unknown);
  expect(other.errors[0]?.message).toContain("Unable to prepare encrypted storage");
  await vm1.stop();

  // A VM of the same name and config is another machine: it cannot read what the first one stored.
  const kept = `${shelf.folder}/kept.img`;
  await device.exec(["cp", storagePath(vm1), kept]);
  await vm1.delete();
  const next = await vmm.create("vm1", config);
  await device.exec(["cp", kept, storagePath(next)]);
  expect(await runToEnd(next)).toMatchObject(REFUSALS.unknown);
});

function storagePath(vm: VirtualMachine): string {
  return `${vm.getRootDir()}/storage.img`;
}

async function storageOf(device: Device, vm: VirtualMachine): Promise<Buffer> {
  const image = await device.readFile(storagePath(vm));
  if (!image) throw new Error(`${storagePath(vm)} is not there`);
  return image;
}
