/** Idsig files: as AVF's `vm create-idsig` makes them (AVF: `V4Signature::create`), or signed as apksigner does. */
import { ApkError } from "../apk-error.js";
import type { ByteSink, ByteSource } from "../byte-source.js";
import type { SigningKey } from "../signing/signing-key.js";
import { apkDigest } from "../signing/verify/verify.js";
import { buildTree } from "./build-tree.js";
import {
  IDSIG_VERSION,
  LOG2_BLOCK,
  serializeIdsigHeader,
  SHA256,
  type IdsigHeader,
  type SigningInfo,
} from "./idsig.js";
import { bestDigest, signIdsig } from "./idsig-signature.js";
import { HASH_BYTES, treeLayout } from "./tree-layout.js";

export interface CreateIdsigOptions {
  /**
   * Android release whose bytes are wanted: 15 records the APK digest and needs a v3 signature, 13 takes any file.
   * Default 15.
   */
  readonly dialect?: 13 | 15;
  /** The device's `ro.build.version.sdk`: chooses the v3 signer. Default 35. */
  readonly sdk?: number;
  /**
   * Signs the idsig as apksigner does, whatever the dialect. AVF's own are not signed. A signed one takes the digest of
   * the v2 signature when the APK has no v3.
   */
  readonly key?: SigningKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The header has 32 bits for the tree's size: enough for APKs of half a TiB. */
const MAX_TREE_BYTES = 0xffffffff;
const EMPTY = Buffer.alloc(0);
/** What release 13 writes into the algorithm field it does not use. */
const DIALECT_13_ALGORITHM = 0x0301;

/** The whole idsig in memory: 1/127 of the APK's size. For APKs of many GiB use {@link writeIdsig}. */
export async function createIdsig(source: ByteSource, options: CreateIdsigOptions = {}): Promise<Buffer> {
  let bytes: Buffer = EMPTY;
  const sink: ByteSink = { write: (offset, piece) => void bytes.set(piece, offset) };
  await writeIdsig(source, sink, options, (size) => (bytes = Buffer.alloc(size)));
  return bytes;
}

/**
 * Writes an idsig piece by piece, in bounded memory. A failure leaves the sink half written: give it a file that is
 * renamed afterwards.
 * @param onSize told the file's size before the first write
 * @returns the header that was written
 */
export async function writeIdsig(
  source: ByteSource,
  sink: ByteSink,
  options: CreateIdsigOptions = {},
  onSize?: (sizeBytes: number) => void,
): Promise<IdsigHeader> {
  const { treeSize } = treeLayout(source.size);
  if (treeSize > MAX_TREE_BYTES) {
    throw new ApkError("LIMIT_EXCEEDED", `the Merkle tree of ${source.size} bytes does not fit an idsig`, {
      field: "APK",
    });
  }
  const complete = await prepareHeader(source, options);
  // The header's size does not depend on the root hash, so the tree can be written before the root is known.
  const treeOffset = serializeIdsigHeader(complete(Buffer.alloc(HASH_BYTES))).length;
  onSize?.(treeOffset + treeSize);
  const treeSink: ByteSink = { write: (at, bytes) => sink.write(treeOffset + at, bytes) };
  const header = complete(await buildTree(source, treeSink, { signal: options.signal }));
  await sink.write(0, serializeIdsigHeader(header));
  return header;
}

/** Everything but the root hash; a header of the same size for any root. */
async function prepareHeader(
  source: ByteSource,
  { dialect = 15, sdk = 35, key }: CreateIdsigOptions,
): Promise<(rootHash: Buffer) => IdsigHeader> {
  const draft = (rootHash: Buffer, signingInfo: SigningInfo): IdsigHeader => ({
    version: IDSIG_VERSION,
    hashingInfo: { hashAlgorithm: SHA256, log2BlockSize: LOG2_BLOCK, salt: EMPTY, rootHash },
    signingInfo,
    signingInfoExtra: EMPTY,
    treeSize: treeLayout(source.size).treeSize,
  });
  if (key) {
    const digest = await bestDigest(source, sdk);
    const sign = signIdsig(source.size, digest, key);
    return (rootHash) => sign(draft(rootHash, unsigned(digest, key.algorithm.id)));
  }
  if (dialect === 13) return (rootHash) => draft(rootHash, unsigned(EMPTY, DIALECT_13_ALGORITHM));
  const { digest, algorithmId } = await apkDigest(source, sdk);
  return (rootHash) => draft(rootHash, unsigned(digest, algorithmId));
}

function unsigned(digest: Buffer, signatureAlgorithmId: number): SigningInfo {
  return {
    apkDigest: digest,
    certificate: EMPTY,
    additionalData: EMPTY,
    publicKey: EMPTY,
    signatureAlgorithmId,
    signature: EMPTY,
  };
}
