/** Signs an APK with schemes v2 and v3: an APK Signing Block goes before its central directory. */
import { ApkError } from "../apk-error.js";
import { bytesSource } from "../byte-source.js";
import { prefixed, sequence, u32, u64 } from "../byte-writer.js";
import { findZipEnd } from "../zip/end-of-central-directory.js";
import { makeSignature } from "./algorithms.js";
import { contentDigests } from "./content-digest.js";
import { AttributeId, type Scheme, type SdkRange } from "./signer.js";
import { BLOCK_MAGIC, BlockId, findSigningBlock } from "./signing-block.js";
import type { SigningKey } from "./signing-key.js";

export interface SignApkOptions {
  readonly key: SigningKey;
  /** Default v2 and v3. */
  readonly schemes?: readonly Scheme[];
  /** Range of the v3 signer. Default 24 (where apksigner starts with these algorithms) to the highest number. */
  readonly sdk?: SdkRange;
}

const PAGE_BYTES = 4096;
const END_CENTRAL_DIRECTORY_OFFSET = 16;
const V3_SDK: SdkRange = { minSdk: 24, maxSdk: 0x7fffffff };
const BLOCK_IDS: Readonly<Record<Scheme, number>> = { v2: BlockId.V2, v3: BlockId.V3, "v3.1": BlockId.V31 };

/** An earlier signing block is replaced. The same input and RSA key give the same bytes. */
export async function signApk(apk: Uint8Array, options: SignApkOptions): Promise<Buffer> {
  const { entries, centralDirectory, end } = await splitUnsigned(apk);
  const padded = padToPage(entries);
  const unsigned = { blockOffset: padded.length, centralDirectoryOffset: padded.length };
  const plain = Buffer.concat([padded, centralDirectory, withDirectoryOffset(end, padded.length)]);
  const endOffset = padded.length + centralDirectory.length;
  const { algorithm } = options.key;
  const digests = await contentDigests(bytesSource(plain), { ...unsigned, endOffset, size: plain.length }, [
    algorithm.digest,
  ]);
  const block = signingBlock(digests.get(algorithm.digest)!, options);
  return Buffer.concat([padded, block, centralDirectory, withDirectoryOffset(end, padded.length + block.length)]);
}

/** The block around values by id, padded to whole pages as apksigner does. */
export function writeSigningBlock(pairs: Iterable<readonly [id: number, value: Uint8Array]>): Buffer {
  const written = Array.from(pairs, ([id, value]) => Buffer.concat([u64(value.length + 4), u32(id), value]));
  const overhead = 8 + 8 + BLOCK_MAGIC.length;
  const used = overhead + written.reduce((sum, pair) => sum + pair.length, 0);
  if (used % PAGE_BYTES !== 0) {
    const smallest = 12;
    const missing = PAGE_BYTES - ((used + smallest) % PAGE_BYTES);
    const value = Buffer.alloc(missing % PAGE_BYTES);
    written.push(Buffer.concat([u64(value.length + 4), u32(BlockId.PADDING), value]));
  }
  const pieces = Buffer.concat(written);
  const size = u64(pieces.length + overhead - 8);
  return Buffer.concat([size, pieces, size, BLOCK_MAGIC]);
}

async function splitUnsigned(apk: Uint8Array) {
  const bytes = Buffer.from(apk.buffer, apk.byteOffset, apk.byteLength);
  const source = bytesSource(bytes);
  const { centralDirectoryOffset, endOffset } = await findZipEnd(source);
  const entriesEnd = await findSigningBlock(source).then(
    (block) => block.blockOffset,
    (error: unknown) => {
      if (error instanceof ApkError && (error.code === "NO_SIGNING_BLOCK" || error.code === "APK_TOO_SMALL")) {
        return centralDirectoryOffset;
      }
      throw error;
    },
  );
  return {
    entries: bytes.subarray(0, entriesEnd),
    centralDirectory: bytes.subarray(centralDirectoryOffset, endOffset),
    end: bytes.subarray(endOffset),
  };
}

function padToPage(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & (PAGE_BYTES - 1))]);
}

function withDirectoryOffset(end: Buffer, offset: number): Buffer {
  const copy = Buffer.from(end);
  copy.writeUInt32LE(offset, END_CENTRAL_DIRECTORY_OFFSET);
  return copy;
}

function signingBlock(digest: Buffer, { key, schemes = ["v2", "v3"], sdk = V3_SDK }: SignApkOptions): Buffer {
  return writeSigningBlock(
    schemes.map((scheme) => {
      const protects = scheme === "v2" && schemes.includes("v3");
      const attributes = protects ? [Buffer.concat([u32(AttributeId.NEWER_SCHEME), u32(3)])] : [];
      const signer = writeSigner(key, digest, scheme === "v2" ? undefined : sdk, attributes);
      return [BLOCK_IDS[scheme], sequence([signer])] as const;
    }),
  );
}

/** Mirror of `signer.ts`. Without an SDK range it is a v2 signer. */
function writeSigner(
  key: SigningKey,
  digest: Buffer,
  sdk: SdkRange | undefined,
  attributes: readonly Buffer[],
): Buffer {
  const range = sdk ? Buffer.concat([u32(sdk.minSdk), u32(sdk.maxSdk)]) : Buffer.alloc(0);
  // apksigner ends v2's signed data with one more, empty, list.
  const trailer = sdk ? Buffer.alloc(0) : sequence([]);
  const { id } = key.algorithm;
  const digests = sequence([Buffer.concat([u32(id), prefixed(digest)])]);
  const signedData = Buffer.concat([digests, sequence([key.certificate]), range, sequence(attributes), trailer]);
  const signature = makeSignature(key.algorithm, key.privateKey, signedData);
  const signatures = sequence([Buffer.concat([u32(id), prefixed(signature)])]);
  return Buffer.concat([prefixed(signedData), range, signatures, prefixed(key.publicKey)]);
}
