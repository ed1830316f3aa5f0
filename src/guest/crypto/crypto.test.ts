import { createCipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileC, type CProgram } from "../testing/c-program.js";

let crypto: CProgram;
beforeAll(async () => {
  crypto = await compileC("crypto", ["crypto/sha2", "crypto/kdf", "crypto/aes-gcm"]);
}, 60_000);
afterAll(() => crypto.close());

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
/** Around the ends of blocks and of the room for the length, where padding goes wrong. */
const sizes = [0, 1, 55, 56, 63, 64, 65, 111, 112, 119, 127, 128, 129, 1000];

describe("the guest's cryptography agrees with Node's", () => {
  test.each(["256", "512"])("SHA-%s, whatever the pieces it is fed", async (kind) => {
    for (const size of sizes) {
      const data = randomBytes(size);
      const expected = createHash(`sha${kind}`).update(data).digest("hex");
      for (const piece of ["7", "64", "5000"]) {
        expect(await crypto.run(["sha2", kind, hex(data), piece])).toEqual([expected]);
      }
    }
  });

  test("HKDF", async () => {
    for (const size of [1, 32, 33, 100]) {
      const [secret, salt, info] = [randomBytes(size), randomBytes(size * 2), randomBytes(9)];
      const expected = hex(Buffer.from(hkdfSync("sha256", secret, salt, info, size)));
      expect(await crypto.run(["hkdf", hex(secret), hex(salt), hex(info), String(size)])).toEqual([expected]);
    }
  });

  test("AES-256-GCM seals and opens, and refuses what was changed", async () => {
    for (const size of [1, 15, 16, 17, 100]) {
      const [key, nonce, associated, data] = [randomBytes(32), randomBytes(12), randomBytes(size), randomBytes(size)];
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(associated);
      const sealed = Buffer.concat([cipher.update(data), cipher.final()]);
      const tag = cipher.getAuthTag();
      const common = [hex(key), hex(nonce), hex(associated)];
      expect(await crypto.run(["seal", ...common, hex(data)])).toEqual([hex(sealed), hex(tag)]);
      expect(await crypto.run(["open", ...common, hex(sealed), hex(tag)])).toEqual([hex(data)]);
      for (const part of [sealed, tag]) {
        part.writeUInt8(part.readUInt8(0) ^ 1, 0);
        expect(await crypto.run(["open", ...common, hex(sealed), hex(tag)])).toEqual(["refused"]);
        part.writeUInt8(part.readUInt8(0) ^ 1, 0);
      }
    }
  });
});
