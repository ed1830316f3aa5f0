/** Signers inside the v2 and v3 blocks. The two layouts differ only in v3's SDK ranges. */
import { ByteReader } from "../byte-reader.js";
import type { BlockValue } from "./signing-block.js";

export type Scheme = "v2" | "v3" | "v3.1";

/** Attributes inside signed data. */
export const AttributeId = {
  /** v2: number of the newer scheme that signed as well. */
  NEWER_SCHEME: 0xbeeff00d,
  /** v3: the lineage of a rotated key. */
  LINEAGE: 0x3ba06f8c,
  /** v3: first SDK of the v3.1 signer. */
  ROTATION_MIN_SDK: 0x559f8b02,
} as const;

export interface AlgorithmBytes {
  readonly algorithmId: number;
  readonly bytes: Buffer;
}

export interface SdkRange {
  readonly minSdk: number;
  readonly maxSdk: number;
}

interface SignedData {
  readonly digests: readonly AlgorithmBytes[];
  /** DER; the first one is the signer's. */
  readonly certificates: readonly Buffer[];
  readonly sdk: SdkRange | undefined;
  readonly attributes: readonly SignerAttribute[];
}

export interface SignerAttribute {
  readonly id: number;
  readonly bytes: Buffer;
  readonly offset: number;
}

export interface Signer {
  readonly scheme: Scheme;
  readonly index: number;
  /** The bytes that are signed. */
  readonly signedBytes: Buffer;
  readonly signedData: SignedData;
  readonly sdk: SdkRange | undefined;
  readonly signatures: readonly AlgorithmBytes[];
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  /** Offset of the signer in the file. */
  readonly offset: number;
  /** Name for error texts: `v3 signer 0`. */
  readonly label: string;
}

export function parseSigners(block: BlockValue, scheme: Scheme): readonly Signer[] {
  const reader = new ByteReader(block.bytes, `${scheme} block`, block.offset);
  const signers = reader.prefixed("signers");
  reader.end();
  return Array.from(signers.sequence("signer"), (signer, index) => parseSigner(signer, scheme, index));
}

function parseSigner(reader: ByteReader, scheme: Scheme, index: number): Signer {
  const signed = reader.prefixed("signed data");
  const sdk = scheme === "v2" ? undefined : parseSdkRange(reader);
  const signatures = parseAlgorithmBytes(reader.prefixed("signatures"), "signature");
  const publicKey = reader.prefixedBytes("public key");
  const signedData = parseSignedData(signed, scheme);
  const label = `${scheme} signer ${index}`;
  const signedBytes = signed.all;
  return { scheme, index, signedBytes, signedData, sdk, signatures, publicKey, offset: reader.base, label };
}

function parseSignedData(reader: ByteReader, scheme: Scheme): SignedData {
  const digests = parseAlgorithmBytes(reader.prefixed("digests"), "digest");
  const certificates = Array.from(reader.prefixed("certificates").sequence("certificate"), (one) => one.all);
  const sdk = scheme === "v2" ? undefined : parseSdkRange(reader);
  const attributes = Array.from(reader.prefixed("attributes").sequence("attribute"), (one) => {
    const id = one.u32("id");
    return { id, offset: one.base + one.position, bytes: one.bytes(one.remaining, "value") };
  });
  return { digests, certificates, sdk, attributes };
}

function parseSdkRange(reader: ByteReader): SdkRange {
  return { minSdk: reader.u32("minimum SDK"), maxSdk: reader.u32("maximum SDK") };
}

function parseAlgorithmBytes(reader: ByteReader, field: string): readonly AlgorithmBytes[] {
  return Array.from(reader.sequence(field), (record) => ({
    algorithmId: record.u32("algorithm"),
    bytes: record.prefixedBytes("value"),
  }));
}
