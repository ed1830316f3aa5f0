import {
  bytesSource,
  flipEntryByte,
  flipSignerByte,
  flipTreeByte,
  openZip,
  spoilVersion,
  staleDigest,
  swapRoot,
  truncateTree,
} from "jest-avf/apk";
import { expect, test, type App, type Device, type VirtualMachine, type VirtualMachineManager } from "jest-avf";
import { BLOCKS, BLOCKS_BYTES, manyBlocks, payloadApk } from "./support/payload-apk";
import { configFor, factsOf, putApk, REFUSALS, runForFacts, runToEnd } from "./support/payload-vm";

/** `EIO`: what the kernel answers when a block is not the one that the tree vouches for. */
const IO_ERROR = "5";
const EARLY_ENOUGH_TRIES = 3;

test("each block is verified when it is read: one that changes under a running VM is never seen", async ({
  device,
  app,
  vmm,
}) => {
  const apk = await payloadApk({ entries: { [BLOCKS]: manyBlocks() } });
  const path = await putApk(device, app, "blocks", apk);
  const vm = await vmm.create("vm", configFor(app, path).build());
  expect((await runForFacts(vm)).get("blocks")).toBe(String(BLOCKS_BYTES));
  await vm.stop();

  // Known to the VM by now, so that nothing reads the whole APK before the payload does.
  const { offset } = await (await openZip(bytesSource(apk))).locate(BLOCKS);
  const spoilt = await flipEntryByte(apk, BLOCKS, BLOCKS_BYTES / 2);
  await vm.run();
  await overwrite(device, path, spoilt.bytes.subarray(offset, offset + BLOCKS_BYTES), offset);
  expect((await vm.waitFor("ready")).kind).toBe("ready");
  const facts = await factsOf(vm);
  expect(facts.get("blocks error")).toBe(IO_ERROR);
  expect(facts.get("blocks")).toBeUndefined();
});

test("an APK that is not what its signer signed is refused", async ({ device, app, vmm }) => {
  const apk = await payloadApk();
  const content = await flipEntryByte(apk, "assets/note.txt");
  const signature = await flipSignerByte(apk, "v3", "signature");
  const [ofContent, ofSignature] = await Promise.all(
    Object.entries({ content, signature }).map(async ([name, { bytes }]) => {
      const vm = await vmm.create(name, configFor(app, await putApk(device, app, name, bytes)).build());
      return runToEnd(vm);
    }),
  );
  expect(ofContent).toMatchObject(REFUSALS.unverified);
  expect(ofContent?.errors[0]?.message).toContain("Digest mismatch");
  expect(ofSignature).toMatchObject(REFUSALS.unverified);
  expect(ofSignature?.errors[0]?.message).toContain("Signature is invalid");
});

test("an idsig that is not the APK's own is refused", async ({ device, app, vmm }) => {
  const apk = await putApk(device, app, "good", await payloadApk());
  const other = await putApk(device, app, "other", await payloadApk({ versionCode: 1 }));
  const good = await idsigOf(device, apk);
  const spoilt = {
    "of-another-apk": await idsigOf(device, other),
    "other-root": swapRoot(good).bytes,
    "flipped-tree": flipTreeByte(good).bytes,
    "cut-tree": truncateTree(good).bytes,
    "stale-digest": staleDigest(good).bytes,
    "other-version": spoilVersion(good).bytes,
  };
  const names = Object.keys(spoilt) as (keyof typeof spoilt)[];
  for (let at = 0; at < names.length; at += 2) {
    await Promise.all(names.slice(at, at + 2).map((name) => refuses(device, app, vmm, apk, name, spoilt[name])));
  }
});

/**
 * `vm run-app` makes the idsig itself, so it is spoiled while the guest boots. Who reads it before that runs, and it is
 * tried again.
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
  for (let attempt = 1; ; attempt++) {
    const end = await runToEnd(vm, async () => overwrite(device, `${vm.getRootDir()}/idsig`, idsig));
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

/** In place, for the VM has the file open. A whole file ends where the new content does. */
async function overwrite(device: Device, path: string, content: Uint8Array, offset?: number): Promise<void> {
  await device.push(content, `${path}.new`);
  const place = offset === undefined ? [] : ["conv=notrunc", "oflag=seek_bytes", `seek=${offset}`];
  await device.exec(["dd", `if=${path}.new`, `of=${path}`, "bs=64k", ...place]);
}
