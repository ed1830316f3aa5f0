import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { buildApk, throwAwayKey } from "../../apk/index.js";
import { packageRoot } from "../../base/paths.js";
import { compileC, VERIFIED_SOURCES, type CProgram } from "../testing/c-program.js";
import { zipSample } from "../testing/zip-sample.js";

const fixture = (name: string): Buffer => readFileSync(join(packageRoot, "fixtures", name));

let verified: CProgram;
beforeAll(async () => {
  verified = await compileC("verified", VERIFIED_SOURCES);
}, 60_000);
afterAll(() => verified.close());

const read = async (apk: Uint8Array): Promise<readonly string[]> =>
  verified.run(["manifest", await verified.file(apk, "apk"), "-"]);
const withManifest = (content: Buffer): Buffer => zipSample([{ name: "AndroidManifest.xml", content }]);

describe("name and version of a package", () => {
  test("as aapt and as our own workshop wrote them", async () => {
    expect(await read(fixture("golden/rsa-2048.apk"))).toEqual(["com.example.golden 7"]);
    expect(await read(fixture("PayloadTestApp.apk"))).toEqual(["com.android.microdroid.test.payload 2"]);
    const text = `<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="a.b"
      android:versionCode="3" android:versionCodeMajor="2"/>`;
    const apk = await buildApk(new Map([["AndroidManifest.xml", Buffer.from(text)]]), {
      key: throwAwayKey(),
      compress: true,
    });
    expect(await read(apk)).toEqual([`a.b ${2n * 2n ** 32n + 3n}`]);
  });

  test("of an archive without a manifest are none", async () => {
    expect(await read(zipSample([{ name: "a", content: Buffer.alloc(5) }]))).toEqual([" 0"]);
  });

  test("of a manifest that is cut or changed never come from outside of it", async () => {
    const sound = fixture("golden/manifest-by-aapt.bin");
    expect(await read(withManifest(sound))).toEqual(["com.example.golden 7"]);
    for (let size = 0; size < sound.length; size += 97) {
      expect(await read(withManifest(sound.subarray(0, size)))).toEqual(["refused: a broken manifest"]);
    }
    for (let at = 0; at < sound.length; at += 13) {
      const changed = Buffer.from(sound);
      changed.writeUInt8(0xff, at);
      // What must not happen is a crash, which the sanitizers make of any read out of bounds.
      expect(await read(withManifest(changed))).toHaveLength(1);
    }
  }, 60_000);
});
