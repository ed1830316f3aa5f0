import { createPublicKey, verify } from "node:crypto";
import { expect, type App, type VirtualMachineConfigBuilder } from "jest-avf";
import { compilePayload } from "./support/compiled-payload";
import { test, type ApkShelf } from "./support/guest-test";
import { payloadApk } from "./support/payload-apk";
import { factsOf } from "./support/payload-vm";
import { readCbor, type Cbor } from "./support/cbor";

const LIBRARY = "DicePayload.so";
const CONFIG = JSON.stringify({ task: { type: "microdroid_launcher", command: LIBRARY } });
/** Labels of the Open Profile for DICE. */
const [ISSUER, SUBJECT, CODE_HASH, DESCRIPTOR, MODE, PUBLIC_KEY] = [1, 2, -4670545, -4670548, -4670551, -4670552];

async function builders(app: App, shelf: ApkShelf) {
  const entries = {
    [`lib/x86_64/${LIBRARY}`]: await compilePayload("DicePayload"),
    "assets/vm_config.json": Buffer.from(CONFIG),
  };
  const apk = await shelf.put("dice", await payloadApk({ entries }));
  const of = (builder: VirtualMachineConfigBuilder): VirtualMachineConfigBuilder => builder.setApkPath(apk);
  return { config: of(app.vmConfig("assets/vm_config.json")), binary: of(app.vmConfigForBinary(LIBRARY)) };
}

/** An Ed25519 key of COSE's form. */
function keyOf(cose: Cbor) {
  const key = cose as ReadonlyMap<number, Cbor>;
  expect([key.get(1), key.get(3), key.get(-1)]).toEqual([1, -8, 6]);
  const prefix = Buffer.from("302a300506032b6570032100", "hex");
  return createPublicKey({ key: Buffer.concat([prefix, key.get(-2) as Buffer]), format: "der", type: "spki" });
}

test("a payload with a config has a DICE chain whose parts sign each other, and a CDI of its VM", async ({
  app,
  vmm,
  shelf,
}) => {
  const { config } = await builders(app, shelf);
  const vm1 = await vmm.create("vm1", config.build());
  const vm2 = await vmm.create("vm2", config.build());
  await Promise.all([vm1.run(), vm2.run()]);
  for (const vm of [vm1, vm2]) expect(await vm.waitFor("ready")).toEqual({ kind: "ready" });
  const first = await factsOf(vm1);
  const other = await factsOf(vm2);
  expect(first.get("cdi")).toMatch(/^[0-9a-f]{64}$/);
  expect(other.get("cdi")).not.toBe(first.get("cdi"));
  expect(first.get("new instance")).toBe("1");
  expect(first.get("short")).toBe(first.get("chain size"));

  const chain = readCbor(Buffer.from(first.get("chain") ?? "", "hex")) as readonly Cbor[];
  expect(chain).toHaveLength(3);
  let key = keyOf(chain[0]!);
  let issuer: Cbor | undefined;
  const parts = chain.slice(1).map((part) => {
    const [header, , payload, signature] = part as readonly [Buffer, Cbor, Buffer, Buffer];
    const text = Buffer.from("Signature1");
    const bytes = (value: Buffer): Buffer =>
      Buffer.concat([value.length < 24 ? Buffer.from([0x40 + value.length]) : lengthOf(value.length), value]);
    const signed = Buffer.concat([Buffer.from([0x84, 0x6a]), text, bytes(header), Buffer.from([0x40]), bytes(payload)]);
    expect(verify(null, signed, key, signature)).toBe(true);
    const fields = readCbor(payload) as ReadonlyMap<number, Cbor>;
    if (issuer !== undefined) expect(fields.get(ISSUER)).toBe(issuer);
    issuer = fields.get(SUBJECT);
    key = keyOf(readCbor(fields.get(PUBLIC_KEY) as Buffer));
    return fields;
  });
  expect(parts.map((fields) => (fields.get(MODE) as Buffer)[0])).toEqual([2, 2]);
  expect(parts.map((fields) => (fields.get(CODE_HASH) as Buffer).length)).toEqual([64, 64]);
  const descriptors = parts.map((fields) => readCbor(fields.get(DESCRIPTOR) as Buffer) as ReadonlyMap<number, Cbor>);
  expect(descriptors.map((each) => each.get(-70002))).toEqual(["vm_entry", "Microdroid payload"]);
  expect(descriptors[1]?.get(-71000)).toBe("/mnt/apk/assets/vm_config.json");
  const [apk] = descriptors[1]?.get(-71002) as readonly ReadonlyMap<number, Cbor>[];
  expect(apk?.get(1)).toBe("apk:com.android.microdroid.test.payload");
  expect(apk?.get(2)).toBe(2);

  await vm1.stop();
  await vm1.run();
  expect(await vm1.waitFor("ready")).toEqual({ kind: "ready" });
  const again = await factsOf(vm1);
  expect(again.get("new instance")).toBe("0");
  for (const name of ["cdi", "chain"]) expect(again.get(name)).toBe(first.get(name));
});

test("without a config, a payload that asks for its CDI is ended", async ({ app, vmm, shelf }) => {
  const { binary } = await builders(app, shelf);
  const vm = await vmm.create("vm1", binary.build());
  await vm.run();
  expect(await vm.waitFor("died")).toMatchObject({ kind: "died" });
  await expect(vm).toPrint(/ E microdroid_manager: Use of restricted APIs is not allowed$/);
  await expect(vm).toPrint(/Failed to get the DICE attestation CDI: microdroid_manager refused/);
});

function lengthOf(size: number): Buffer {
  return size < 256 ? Buffer.from([0x58, size]) : Buffer.from([0x59, size >> 8, size & 255]);
}
