/** Idsig files as AVF makes them, `vm create-idsig` (AVF: `V4Signature::create`). */
import type { ByteSource } from "../byte-source.js";
import { apkDigest, type ApkDigest } from "../signing/verify.js";
import {
  IDSIG_VERSION,
  LOG2_BLOCK,
  serializeIdsigHeader,
  SHA256,
  type IdsigHeader,
  type SigningInfo,
} from "./idsig.js";
import { buildTree } from "./build-tree.js";
import { treeLayout } from "./tree-layout.js";

/** Takes bytes of a new file at an offset; pieces do not come in order. The bytes are reused after the promise. */
export interface ByteSink {
  write(offset: number, bytes: Uint8Array): void | Promise<void>;
}

export interface CreateIdsigOptions {
  /** Android release whose bytes are wanted: 15 records the APK digest and needs a v3 signature, 13 takes any file. */
  readonly dialect: 13 | 15;
  /** The device's `ro.build.version.sdk`: chooses the v3 signer. Default 35. */
  readonly sdk?: number;
  readonly signal?: AbortSignal | undefined;
}

const EMPTY = Buffer.alloc(0);
const NO_ROOT = Buffer.alloc(32);
/** What release 13 writes into the algorithm field it does not use. */
const DIALECT_13_ALGORITHM = 0x0301;

/** The whole idsig in memory: 1/127 of the APK's size. For APKs of many GiB use {@link writeIdsig}. */
export async function createIdsig(source: ByteSource, options: CreateIdsigOptions): Promise<Buffer> {
  let bytes = EMPTY;
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
  { dialect, sdk = 35, signal }: CreateIdsigOptions,
  onSize?: (sizeBytes: number) => void,
): Promise<IdsigHeader> {
  const signingInfo = unsignedInfo(dialect === 15 ? await apkDigest(source, sdk) : undefined);
  const { treeSize } = treeLayout(source.size);
  const draft = makeHeader(NO_ROOT, signingInfo, treeSize);
  const treeOffset = serializeIdsigHeader(draft).length;
  onSize?.(treeOffset + treeSize);
  const rootHash = await buildTree(source, { write: (at, bytes) => sink.write(treeOffset + at, bytes) }, { signal });
  const header = makeHeader(rootHash, signingInfo, treeSize);
  await sink.write(0, serializeIdsigHeader(header));
  return header;
}

function makeHeader(rootHash: Buffer, signingInfo: SigningInfo, treeSize: number): IdsigHeader {
  const hashingInfo = { hashAlgorithm: SHA256, log2BlockSize: LOG2_BLOCK, salt: EMPTY, rootHash };
  return { version: IDSIG_VERSION, hashingInfo, signingInfo, signingInfoExtra: EMPTY, treeSize };
}

function unsignedInfo(digest: ApkDigest | undefined): SigningInfo {
  return {
    apkDigest: digest?.digest ?? EMPTY,
    certificate: EMPTY,
    additionalData: EMPTY,
    publicKey: EMPTY,
    signatureAlgorithmId: digest?.algorithmId ?? DIALECT_13_ALGORITHM,
    signature: EMPTY,
  };
}
