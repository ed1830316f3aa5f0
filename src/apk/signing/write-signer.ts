/** Signers of the v2 and v3 blocks, written. Mirror of `signer.ts`. */
import { prefixed, sequence, u32 } from "../byte-writer.js";
import { makeSignature } from "./algorithms.js";
import type { AlgorithmBytes, SdkRange, SignerAttribute } from "./signer.js";
import type { SigningKey } from "./signing-key.js";

export interface NewSigner {
  readonly key: SigningKey;
  readonly digests: readonly AlgorithmBytes[];
  /** Absent for v2. */
  readonly sdk: SdkRange | undefined;
  readonly attributes: readonly Omit<SignerAttribute, "offset">[];
  /** Default: the key's. */
  readonly certificates?: readonly Buffer[];
  /** Range outside the signed data, where it should be another one. */
  readonly outerSdk?: SdkRange;
  /** Algorithm id that the signature claims to be of. Default: the key's. */
  readonly claimedAlgorithmId?: number;
}

export function writeSigner(signer: NewSigner): Buffer {
  const { key, sdk, outerSdk = sdk, certificates = [key.certificate] } = signer;
  const signedData = Buffer.concat([
    sequence(signer.digests.map(writeAlgorithmBytes)),
    sequence(certificates),
    writeRange(sdk),
    sequence(signer.attributes.map(({ id, bytes }) => Buffer.concat([u32(id), bytes]))),
    // apksigner ends v2's signed data with one more, empty, list.
    sdk ? Buffer.alloc(0) : sequence([]),
  ]);
  const signature = {
    algorithmId: signer.claimedAlgorithmId ?? key.algorithm.id,
    bytes: makeSignature(key.algorithm, key.privateKey, signedData),
  };
  const signatures = sequence([writeAlgorithmBytes(signature)]);
  return Buffer.concat([prefixed(signedData), writeRange(outerSdk), signatures, prefixed(key.publicKey)]);
}

function writeAlgorithmBytes({ algorithmId, bytes }: AlgorithmBytes): Buffer {
  return Buffer.concat([u32(algorithmId), prefixed(bytes)]);
}

function writeRange(range: SdkRange | undefined): Buffer {
  return range ? Buffer.concat([u32(range.minSdk), u32(range.maxSdk)]) : Buffer.alloc(0);
}
