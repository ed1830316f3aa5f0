import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileC, VERIFIED_SOURCES, type CProgram } from "../testing/c-program.js";

const key = "11".repeat(32);
const nonce = "22".repeat(12);
/** UUID and size of an entry that some other system wrote. */
const otherEntry = Buffer.concat([
  Buffer.from("90d2174a038a4bc6adf3824848fc5825", "hex"),
  Buffer.from([5, 2, 0, 0, 0, 0, 0, 0]),
]);

let verified: CProgram;
beforeAll(async () => {
  verified = await compileC("verified", VERIFIED_SOURCES);
}, 60_000);
afterAll(() => verified.close());

function freshImage(bytes = 16_384): Buffer {
  const image = Buffer.alloc(bytes);
  image.write("Android-VM-instance\x01\x00", "latin1");
  return image;
}
const image = (content: Uint8Array): Promise<string> => verified.file(content, "instance");
const unseal = (file: string, withKey = key): Promise<readonly string[]> => verified.run(["unseal", file, withKey]);

describe("an instance image", () => {
  test("keeps what was sealed, after the entries of others", async () => {
    const content = freshImage();
    otherEntry.copy(content, 512);
    const file = await image(content);
    expect(await unseal(file)).toEqual(["empty"]);
    expect(await verified.run(["seal", file, key, nonce, "c0ffee"])).toEqual(["ok"]);
    expect(await unseal(file)).toEqual(["data c0ffee", "ok"]);
    const written = await readFile(file);
    // Header, the other entry's header and its 517 bytes in two sectors, then ours.
    expect(written.toString("hex", 2048, 2064)).toBe("cf9afe9a066211eca329c32663a09d75");
    expect(written.includes(Buffer.from("c0ffee", "hex"))).toBe(false);
    expect(await verified.run(["seal", file, key, nonce, "00"])).toEqual(["failed"]);
  });

  test("any changed byte of the entry, another key, and a cut image are noticed", async () => {
    const file = await image(freshImage());
    await verified.run(["seal", file, key, nonce, "c0ffee"]);
    const sound = await readFile(file);
    expect(await unseal(file, "12".repeat(32))).toEqual(["damaged"]);
    for (let at = 512; at < 1024 + 31; at += at < 540 || at >= 1020 ? 1 : 50) {
      const content = Buffer.from(sound);
      content.writeUInt8(content.readUInt8(at) ^ 0x80, at);
      // The entry's name is what it is found by: with another one it belongs to somebody else, and the next is empty.
      expect((await unseal(await image(content))).at(-1)).not.toBe("ok");
    }
    for (const bytes of [0, 18, 512, 1024, 1040])
      expect(await unseal(await image(sound.subarray(0, bytes)))).toEqual(["damaged"]);
  });

  test("of another format is refused", async () => {
    expect(await unseal(await image(Buffer.alloc(4096)))).toEqual(["damaged"]);
    const newer = freshImage();
    newer.writeUInt8(2, 19);
    expect(await unseal(await image(newer))).toEqual(["damaged"]);
  });

  test("an endless list of entries ends", async () => {
    const content = freshImage(65_536);
    for (let at = 512; at < content.length; at += 512) otherEntry.copy(content, at, 0, 16);
    expect(await unseal(await image(content))).toEqual(["damaged"]);
  });
});

describe("a VM's identity", () => {
  const secret = "33".repeat(32);
  const create = (file: string, id = ""): Promise<readonly string[]> =>
    verified.run(["create", file, secret, id, "root=1"]);
  const load = (file: string, id = "", measured = "root=1"): Promise<readonly string[]> =>
    verified.run(["load", file, secret, id, measured]);

  test("is the same at every boot, and different for another VM", async () => {
    const file = await image(freshImage());
    expect(await load(file)).toEqual(["first boot"]);
    const [derived] = await create(file);
    expect(await load(file)).toEqual(["known", "difference none", derived]);
    const [other] = await create(await verified.file(freshImage(), "other"));
    expect(other).toMatch(/^derived [0-9a-f]{64}$/);
    expect(other).not.toBe(derived);
  });

  test.each([
    ["package=2", "the package com.example.main2 takes the place of com.example.main1"],
    ["signer=2", "com.example.main1 was signed by somebody else"],
    ["version=2", "com.example.main1 went up from version 1 to version 2"],
    ["version=0", "com.example.main1 went down from version 1 to version 0"],
    ["root=2", "com.example.main1 is not the APK of the first boot"],
    ["extra=2", "com.example.extra1 is not the APK of the first boot"],
    ["config=2", "the payload config is not the one of the first boot"],
  ])("reports a changed measurement: %s", async (measured, difference) => {
    const file = await image(freshImage());
    await create(file);
    expect(await load(file, "", measured)).toContain(`difference ${difference}`);
  });

  test("of a VM with another id, or of another device, cannot be opened", async () => {
    const file = await image(freshImage());
    await create(file, "aa");
    expect((await load(file, "aa"))[0]).toBe("known");
    expect(await load(file, "ab")).toEqual(["damaged"]);
    expect(await verified.run(["load", file, "34".repeat(32), "aa", "root=1"])).toEqual(["damaged"]);
  });
});
