/** Signs an APK with schemes v2, v3 and v3.1: an APK Signing Block goes before its central directory. */
import { ApkError, isApkError } from "../apk-error.js";
import { bytesSource, piecesSource } from "../byte-source.js";
import { sequence, u32 } from "../byte-writer.js";
import { findZipEnd } from "../zip/end-of-central-directory.js";
import type { ZipSections } from "../zip/write-zip.js";
import type { DigestKind } from "./algorithms.js";
import { BLOCK_OF, V31_SINCE_SDK } from "./verify/choose-signers.js";
import { contentDigests } from "./content-digest.js";
import { writeLineage } from "./verify/lineage.js";
import { AttributeId, type Scheme, type SdkRange } from "./signer.js";
import { findSigningBlock } from "./signing-block.js";
import { throwAwayKey, type SigningKey } from "./signing-key.js";
import { writeSigner, type NewSigner } from "./write-signer.js";
import { writeSigningBlock } from "./write-signing-block.js";

export interface SignApkOptions {
  /** Default: a key that is made for it and forgotten. */
  readonly key?: SigningKey;
  /** Default v2 and v3; `rotation` adds v3.1. */
  readonly schemes?: readonly ("v2" | "v3")[];
  /** Range of the v3 signer. Default: from the algorithm's first SDK, as apksigner has it, to the highest number. */
  readonly sdk?: SdkRange;
  /** From `minSdk` (default 33, the first that knows v3.1) on, the APK is signed with this key, rotated from `key`. */
  readonly rotation?: { readonly key: SigningKey; readonly minSdk?: number } | undefined;
}

/** Changes a signer before it is written; for APKs that are to be refused. */
export type SignerChange = (signer: NewSigner, scheme: Scheme) => NewSigner;

const PAGE_BYTES = 4096;
const END_CENTRAL_DIRECTORY_OFFSET = 16;
const HIGHEST_SDK = 0x7fffffff;
const CHUNKED_SINCE_SDK = 24;
const VERITY_SINCE_SDK = 28;

/** An earlier signing block is replaced. The same input and RSA key give the same bytes. */
export async function signApk(apk: Uint8Array, options: SignApkOptions = {}, change?: SignerChange): Promise<Buffer> {
  return signSections(await splitUnsigned(apk), options, change);
}

export async function signSections(
  { entries, centralDirectory, end }: ZipSections,
  options: SignApkOptions,
  change: SignerChange = (signer) => signer,
): Promise<Buffer> {
  const entriesBytes = entries.reduce((sum, piece) => sum + piece.length, 0);
  const padded = [...entries, Buffer.alloc(-entriesBytes & (PAGE_BYTES - 1))];
  const blockOffset = Math.ceil(entriesBytes / PAGE_BYTES) * PAGE_BYTES;
  const plain = piecesSource([...padded, centralDirectory, end]);
  const sections = {
    blockOffset,
    centralDirectoryOffset: blockOffset,
    endOffset: blockOffset + centralDirectory.length,
    size: plain.size,
  };
  const signers = planSigners(options);
  const kinds = signers.map(({ key }): DigestKind => key.algorithm.digest);
  const digests = await contentDigests(plain, sections, kinds);
  const values = signers.map(({ scheme, key, sdk, attributes }) => {
    const digest = { algorithmId: key.algorithm.id, bytes: digests.get(key.algorithm.digest)! };
    const signer = change({ key, sdk, attributes, digests: [digest] }, scheme);
    return [BLOCK_OF[scheme], sequence([writeSigner(signer)])] as const;
  });
  const block = writeSigningBlock(values);
  return Buffer.concat([...padded, block, centralDirectory, withDirectoryOffset(end, blockOffset + block.length)]);
}

type PlannedSigner = Pick<NewSigner, "key" | "sdk" | "attributes"> & { readonly scheme: Scheme };

function planSigners(options: SignApkOptions): PlannedSigner[] {
  const { key = throwAwayKey(), schemes = ["v2", "v3"], rotation } = options;
  const since = key.algorithm.digest === "verity-sha256" ? VERITY_SINCE_SDK : CHUNKED_SINCE_SDK;
  const sdk = options.sdk ?? { minSdk: since, maxSdk: HIGHEST_SDK };
  const planned: PlannedSigner[] = [];
  if (schemes.includes("v2")) {
    // Says that v3 signed too, so that its block cannot be taken away unseen.
    const newer = schemes.includes("v3") ? [{ id: AttributeId.NEWER_SCHEME, bytes: u32(3) }] : [];
    planned.push({ scheme: "v2", key, sdk: undefined, attributes: newer });
  }
  const minSdk = rotation?.minSdk ?? V31_SINCE_SDK;
  if (schemes.includes("v3")) {
    const range = rotation ? { minSdk: sdk.minSdk, maxSdk: minSdk - 1 } : sdk;
    const rotated = rotation ? [{ id: AttributeId.ROTATION_MIN_SDK, bytes: u32(minSdk) }] : [];
    planned.push({ scheme: "v3", key, sdk: range, attributes: rotated });
  }
  if (!rotation) return planned;
  if (!schemes.includes("v3") || minSdk < V31_SINCE_SDK) {
    throw new ApkError("BAD_VALUE", `a key is rotated beside v3, from SDK ${V31_SINCE_SDK} on at the earliest`);
  }
  const lineage = { id: AttributeId.LINEAGE, bytes: writeLineage([key, rotation.key]) };
  const range = { minSdk, maxSdk: HIGHEST_SDK };
  return [...planned, { scheme: "v3.1", key: rotation.key, sdk: range, attributes: [lineage] }];
}

async function splitUnsigned(apk: Uint8Array): Promise<ZipSections> {
  const bytes = Buffer.from(apk.buffer, apk.byteOffset, apk.byteLength);
  const { centralDirectoryOffset, endOffset } = await findZipEnd(bytesSource(bytes));
  return {
    entries: [bytes.subarray(0, (await findBlockOffset(bytes)) ?? centralDirectoryOffset)],
    centralDirectory: bytes.subarray(centralDirectoryOffset, endOffset),
    end: bytes.subarray(endOffset),
  };
}

async function findBlockOffset(apk: Buffer): Promise<number | undefined> {
  try {
    return (await findSigningBlock(bytesSource(apk))).blockOffset;
  } catch (error) {
    if (isApkError(error) && (error.code === "NO_SIGNING_BLOCK" || error.code === "APK_TOO_SMALL")) return undefined;
    throw error;
  }
}

function withDirectoryOffset(end: Buffer, offset: number): Buffer {
  const copy = Buffer.from(end);
  copy.writeUInt32LE(offset, END_CENTRAL_DIRECTORY_OFFSET);
  return copy;
}
