import * as fc from "fast-check";
import { describe, expect, test } from "@jest/globals";
import { isApkError } from "./apk-error.js";
import { bytesSource, type ByteSource } from "./byte-source.js";
import { parseIdsig, serializeIdsig } from "./idsig/idsig.js";
import { verifyIdsig } from "./idsig/verify.js";
import { inspectApk } from "./inspect-apk.js";
import { parseBinaryXml } from "./manifest/binary-xml.js";
import { readManifest } from "./manifest/manifest.js";
import { findSigningBlock } from "./signing/signing-block.js";
import { apkDigest, verifyApk, verifyScheme, verifyV2, verifyV3 } from "./signing/verify/verify.js";
import { fixture } from "./testing/fixtures.js";
import { mutate, mutations } from "./testing/mutations.js";
import { openZip } from "./zip/zip.js";

const RUNS = 400;
/** More than any of our limits, much less than what the mutated numbers ask for. */
const MAX_READ_BYTES = 64 * 1024 * 1024;

/** Fails when the code under test asks for what is not there or for far too much: a limit was not checked. */
function guardedSource(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length || length > MAX_READ_BYTES) {
        throw new Error(`read of ${length} bytes at ${offset}, of ${bytes.length}`);
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** Either it works, or it is refused by an error of ours that names the field. */
async function survives(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!isApkError(error) || error.field === undefined) throw error;
    expect(error.message).not.toBe("");
  }
}

describe("mutated real files", () => {
  test.each(["MicrodroidTestApp.apk", "golden/rsa-2048.apk", "golden/rotated.apk", "golden/two-signers.apk"])(
    "%s",
    async (name) => {
      const original = fixture(name);
      const source = bytesSource(original);
      const { blockOffset, centralDirectoryOffset, endOffset, pairs } = await findSigningBlock(source);
      const values = Array.from(pairs.values(), ({ offset }) => offset);
      const spots = [0, blockOffset, ...values, centralDirectoryOffset - 24, centralDirectoryOffset, endOffset];
      const check = async (changes: Parameters<typeof mutate>[1]) => {
        const mutated = guardedSource(mutate(original, changes));
        for (const action of [verifyV2, inspectApk, readEverything]) await survives(() => action(mutated));
        for (const action of [verifyApk, verifyV3, apkDigest]) await survives(() => action(mutated, 35));
        await survives(() => verifyScheme(mutated, "v3.1"));
      };
      await fc.assert(fc.asyncProperty(mutations(original.length, spots), check), { numRuns: RUNS });
    },
    60_000,
  );

  test("binary manifests", async () => {
    const original = fixture("golden/manifest-by-aapt.bin");
    const check = async (changes: Parameters<typeof mutate>[1]) => {
      const mutated = mutate(original, changes);
      await survives(() => parseBinaryXml(mutated));
      await survives(() => readManifest(mutated));
    };
    const spots = Array.from({ length: Math.floor(original.length / 100) }, (_, index) => index * 100);
    await fc.assert(fc.asyncProperty(mutations(original.length, spots), check), { numRuns: 10 * RUNS });
  });

  test("idsigs, and what is parsed is written back byte for byte", async () => {
    const apk = bytesSource(fixture("golden/rsa-2048.apk"));
    const original = fixture("golden/rsa-2048.apk.idsig");
    const check = async (changes: Parameters<typeof mutate>[1]) => {
      const mutated = mutate(original, changes);
      await survives(() => verifyIdsig(apk, guardedSource(mutated)));
      await survives(() => expect(serializeIdsig(parseIdsig(mutated)).equals(mutated)).toBe(true));
    };
    await fc.assert(fc.asyncProperty(mutations(original.length, [0, 8, 57, 1400]), check), { numRuns: 3 * RUNS });
  });

  test("any bytes at all", async () => {
    const check = async (bytes: Uint8Array) => {
      await survives(() => inspectApk(bytesSource(bytes)));
      await survives(() => parseIdsig(bytes));
      await survives(() => parseBinaryXml(bytes));
    };
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 10 * RUNS });
  });
});

async function readEverything(source: ByteSource): Promise<void> {
  const zip = await openZip(source);
  for (const name of zip.entries.keys()) await survives(() => zip.read(name));
}
