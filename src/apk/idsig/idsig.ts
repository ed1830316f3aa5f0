/** The `.idsig` file, APK Signature Scheme v4: read and written back in mirrored pairs (AVF: `v4.rs`). */
import { ApkError } from "../apk-error.js";
import { ByteReader } from "../byte-reader.js";
import { prefixed, u32 } from "../byte-writer.js";
import { BLOCK_BYTES, HASH_BYTES } from "./tree-layout.js";

interface HashingInfo {
  /** 1 = SHA-256. */
  readonly hashAlgorithm: number;
  /** 12 = blocks of 4096 bytes. */
  readonly log2BlockSize: number;
  readonly salt: Buffer;
  readonly rootHash: Buffer;
}

export interface SigningInfo {
  readonly apkDigest: Buffer;
  /** DER, or empty: AVF signs nothing. */
  readonly certificate: Buffer;
  readonly additionalData: Buffer;
  readonly publicKey: Buffer;
  readonly signatureAlgorithmId: number;
  readonly signature: Buffer;
}

/** All but the tree: what stands in front of it. */
export interface IdsigHeader {
  readonly version: number;
  readonly hashingInfo: HashingInfo;
  readonly signingInfo: SigningInfo;
  /** Anything after the signature that its struct size covers (newer signers add blocks there); usually empty. */
  readonly signingInfoExtra: Buffer;
  readonly treeSize: number;
}

export interface Idsig extends IdsigHeader {
  readonly tree: Buffer;
}

export interface ParsedHeader extends IdsigHeader {
  readonly treeOffset: number;
}

export const IDSIG_VERSION = 2;
export const SHA256 = 1;
export const LOG2_BLOCK = 12;

export function parseIdsig(bytes: Uint8Array): Idsig {
  const { treeOffset, ...header } = parseIdsigHeader(bytes);
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(treeOffset);
  checkTreeEnd(header.treeSize, rest.length, treeOffset);
  return { ...header, tree: rest };
}

/** @param bytes the file's start at least: everything up to the tree */
export function parseIdsigHeader(bytes: Uint8Array): ParsedHeader {
  const reader = new ByteReader(bytes, "idsig");
  const version = reader.u32("version");
  if (version !== IDSIG_VERSION) {
    reader.refuse("UNSUPPORTED_IDSIG", `idsig version ${version}; only ${IDSIG_VERSION} is known`, "version", 0);
  }
  const hashingInfo = parseHashingInfo(reader.prefixed("hashing info"));
  const signing = reader.prefixed("signing info");
  const signingInfo = parseSigningInfo(signing);
  const signingInfoExtra = signing.bytes(signing.remaining, "extra");
  const treeSize = reader.u32("tree size");
  return { version, hashingInfo, signingInfo, signingInfoExtra, treeSize, treeOffset: reader.position };
}

export function serializeIdsig(idsig: Idsig): Buffer {
  return Buffer.concat([serializeIdsigHeader(idsig), idsig.tree]);
}

export function serializeIdsigHeader(header: IdsigHeader): Buffer {
  return Buffer.concat([
    u32(header.version),
    prefixed(serializeHashingInfo(header.hashingInfo)),
    prefixed(serializeSigningInfo(header.signingInfo), header.signingInfoExtra),
    u32(header.treeSize),
  ]);
}

function serializeHashingInfo({ hashAlgorithm, log2BlockSize, salt, rootHash }: HashingInfo): Buffer {
  return Buffer.concat([u32(hashAlgorithm), Buffer.from([log2BlockSize]), prefixed(salt), prefixed(rootHash)]);
}

export function checkTreeEnd(treeSize: number, present: number, treeOffset: number): void {
  if (treeSize === present) return;
  throw new ApkError(
    present < treeSize ? "TRUNCATED" : "TRAILING_DATA",
    `the Merkle tree has ${present} bytes instead of ${treeSize}`,
    { offset: treeOffset, field: "idsig, tree" },
  );
}

function parseHashingInfo(reader: ByteReader): HashingInfo {
  const hashAlgorithm = reader.u32("hash algorithm");
  if (hashAlgorithm !== SHA256) {
    reader.refuse(
      "UNSUPPORTED_IDSIG",
      `hash algorithm ${hashAlgorithm}; only 1 (SHA-256) is known`,
      "hash algorithm",
      0,
    );
  }
  const log2BlockSize = reader.u8("log2 of the block size");
  if (log2BlockSize !== LOG2_BLOCK) {
    reader.refuse(
      "UNSUPPORTED_IDSIG",
      `blocks of 2^${log2BlockSize} bytes; only ${BLOCK_BYTES} is known`,
      "block size",
      4,
    );
  }
  const salt = reader.prefixedBytes("salt");
  const rootHash = reader.prefixedBytes("root hash");
  if (rootHash.length !== HASH_BYTES) {
    reader.refuse("BAD_LENGTH", `root hash of ${rootHash.length} bytes instead of ${HASH_BYTES}`, "root hash");
  }
  reader.end();
  return { hashAlgorithm, log2BlockSize, salt, rootHash };
}

function parseSigningInfo(reader: ByteReader): SigningInfo {
  return {
    apkDigest: reader.prefixedBytes("APK digest"),
    certificate: reader.prefixedBytes("certificate"),
    additionalData: reader.prefixedBytes("additional data"),
    publicKey: reader.prefixedBytes("public key"),
    signatureAlgorithmId: reader.u32("signature algorithm"),
    signature: reader.prefixedBytes("signature"),
  };
}

function serializeSigningInfo(info: SigningInfo): Buffer {
  return Buffer.concat([
    prefixed(info.apkDigest),
    prefixed(info.certificate),
    prefixed(info.additionalData),
    prefixed(info.publicKey),
    u32(info.signatureAlgorithmId),
    prefixed(info.signature),
  ]);
}
