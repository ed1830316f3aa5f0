/** Verification of APK Signature Schemes v2, v3 and v3.1: signatures first, then the content they vouch for. */
import { ApkError } from "../apk-error.js";
import type { ByteSource } from "../byte-source.js";
import type { DigestKind } from "./algorithms.js";
import { contentDigests } from "./content-digest.js";
import { parseSigners, type Scheme, type Signer } from "./signer.js";
import { BlockId, findSigningBlock, type SigningBlock } from "./signing-block.js";
import { strongestSignature, verifySigner, type VerifiedSigner } from "./verify-signer.js";

export interface VerifiedApk {
  readonly scheme: Scheme;
  readonly signers: readonly VerifiedSigner[];
}

/** Digest and algorithm as AVF writes them into an idsig. */
export interface ApkDigest {
  readonly algorithmId: number;
  readonly digest: Buffer;
}

const BLOCK_OF: Readonly<Record<Scheme, number>> = { v2: BlockId.V2, v3: BlockId.V3, "v3.1": BlockId.V31 };
/** apksigner and Android refuse more. */
const MAX_V2_SIGNERS = 10;

/** Every v2 signer must hold. */
export async function verifyV2(source: ByteSource): Promise<VerifiedApk> {
  const block = await findSigningBlock(source);
  const signers = signersOf(block, "v2");
  if (signers.length > MAX_V2_SIGNERS) {
    throw new ApkError(
      "WRONG_SIGNER_COUNT",
      `APK Signature Scheme V2 supports ${MAX_V2_SIGNERS} signers at most: ${signers.length} signers found.`,
      {
        offset: signers[0]?.offset,
        field: "v2 block, signers",
      },
    );
  }
  return verifySigners(source, block, "v2", signers);
}

/** As AVF does it: the one signer whose SDK range has `sdk` (the device's `ro.build.version.sdk`). */
export async function verifyV3(source: ByteSource, sdk: number): Promise<VerifiedApk> {
  const block = await findSigningBlock(source);
  return verifySigners(source, block, "v3", [signerForSdk(signersOf(block, "v3"), sdk)]);
}

/** The digest an idsig records: of the strongest v3 signature for `sdk`. Nothing is verified, as AVF does it. */
export async function apkDigest(source: ByteSource, sdk: number): Promise<ApkDigest> {
  const block = await findSigningBlock(source);
  const signer = signerForSdk(signersOf(block, "v3"), sdk);
  const { algorithmId } = strongestSignature(signer);
  const record = signer.signedData.digests.find((one) => one.algorithmId === algorithmId);
  if (record) return { algorithmId, digest: record.bytes };
  throw new ApkError("ALGORITHMS_DIFFER", "the strongest signature has no digest", {
    offset: signer.offset,
    field: `${signer.label}, digests`,
  });
}

export function signersOf(block: SigningBlock, scheme: Scheme): readonly Signer[] {
  const value = block.pairs.get(BLOCK_OF[scheme]);
  if (!value) {
    throw new ApkError("NO_SIGNATURE_FOR_SCHEME", `the APK has no ${scheme} signature`, {
      offset: block.blockOffset,
      field: "signing block",
    });
  }
  const signers = parseSigners(value, scheme);
  if (signers.length > 0) return signers;
  throw new ApkError("NO_SIGNERS", `the ${scheme} block has no signers`, {
    offset: value.offset,
    field: `${scheme} block`,
  });
}

/** Release 15 counts the range's end in; release 13 did not, which no signed APK shows: its end is always open. */
export function signerForSdk(signers: readonly Signer[], sdk: number): Signer {
  const matching = signers.filter((one) => one.sdk && one.sdk.minSdk <= sdk && sdk <= one.sdk.maxSdk);
  const [signer] = matching;
  if (signer && matching.length === 1) return signer;
  const ranges = signers.map((one) => `${one.sdk?.minSdk} to ${one.sdk?.maxSdk}`).join(", ");
  throw new ApkError(
    "WRONG_SIGNER_COUNT",
    `APK Signature Scheme V3 only supports one signer: ${matching.length} signers found. SDK ${sdk}, ranges: ${ranges}`,
    { offset: signers[0]?.offset, field: "v3 block, signers" },
  );
}

export async function verifySigners(
  source: ByteSource,
  block: SigningBlock,
  scheme: Scheme,
  signers: readonly Signer[],
): Promise<VerifiedApk> {
  const verified = signers.map(verifySigner);
  const kinds = verified.map((one): DigestKind => one.algorithm.digest);
  const actual = await contentDigests(source, block, kinds);
  for (const { signer, algorithm, digest } of verified) {
    const computed = actual.get(algorithm.digest);
    if (computed?.equals(digest)) continue;
    throw new ApkError(
      "DIGEST_MISMATCH",
      `Digest mismatch: computed ${computed?.toString("hex")}, signed ${digest.toString("hex")}`,
      { offset: signer.offset, field: `${signer.label}, ${algorithm.digest} digest` },
    );
  }
  return { scheme, signers: verified };
}
