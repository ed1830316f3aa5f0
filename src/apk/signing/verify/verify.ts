/** Verification of APK Signature Schemes v2, v3 and v3.1: signatures first, then the content they vouch for. */
import { ApkError } from "../../apk-error.js";
import type { ByteSource } from "../../byte-source.js";
import { BLOCK_OF, newestSigners, signerForSdk, signersOf, v2Signers } from "./choose-signers.js";
import type { DigestKind } from "../algorithms.js";
import { contentDigests } from "../content-digest.js";
import { AttributeId, type Scheme, type Signer } from "../signer.js";
import { findSigningBlock, type SigningBlock } from "../signing-block.js";
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

/** Of Android 15. */
const DEFAULT_SDK = 35;

/** Every v2 signer must hold. */
export async function verifyV2(source: ByteSource): Promise<VerifiedApk> {
  const block = await findSigningBlock(source);
  return verifySigners(source, block, "v2", v2Signers(block));
}

/**
 * As AVF does it: the one v3 signer whose SDK range has `sdk`, the device's `ro.build.version.sdk`; v3.1 is not looked at.
 * @param dialect Android release whose rule for the range's end is taken
 */
export async function verifyV3(source: ByteSource, sdk = DEFAULT_SDK, dialect: 13 | 15 = 15): Promise<VerifiedApk> {
  const block = await findSigningBlock(source);
  return verifySigners(source, block, "v3", [signerForSdk(signersOf(block, "v3"), sdk, dialect)]);
}

/** As Android's package manager does it: the newest scheme that has a signer for `sdk`. */
export async function verifyApk(source: ByteSource, sdk = DEFAULT_SDK): Promise<VerifiedApk> {
  const block = await findSigningBlock(source);
  const { scheme, signers } = newestSigners(block, sdk);
  return verifySigners(source, block, scheme, signers);
}

/** As {@link verifyApk}, but the content is not read: whether it has the digests that are signed remains open. */
export async function verifySignaturesOnly(source: ByteSource, sdk = DEFAULT_SDK): Promise<VerifiedApk> {
  const block = await findSigningBlock(source);
  const { scheme, signers } = newestSigners(block, sdk);
  return { scheme, signers: checkSignatures(block, signers) };
}

/** Every signer of a scheme, whatever its SDK range. */
export async function verifyScheme(source: ByteSource, scheme: Scheme): Promise<VerifiedApk> {
  if (scheme === "v2") return verifyV2(source);
  const block = await findSigningBlock(source);
  return verifySigners(source, block, scheme, signersOf(block, scheme));
}

/** The digest an idsig records: of the strongest v3 signature for `sdk`. Nothing is verified, as AVF does it. */
export async function apkDigest(source: ByteSource, sdk = DEFAULT_SDK): Promise<ApkDigest> {
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

async function verifySigners(
  source: ByteSource,
  block: SigningBlock,
  scheme: Scheme,
  signers: readonly Signer[],
): Promise<VerifiedApk> {
  const verified = checkSignatures(block, signers);
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

function checkSignatures(block: SigningBlock, signers: readonly Signer[]): readonly VerifiedSigner[] {
  for (const signer of signers) refuseStripped(signer, block);
  return signers.map(verifySigner);
}

/** A signer says, under its signature, which newer scheme signed the APK as well. */
function refuseStripped({ scheme, signedData, label, offset }: Signer, block: SigningBlock): void {
  const [attribute, newer] =
    scheme === "v2" ? ([AttributeId.NEWER_SCHEME, "v3"] as const) : ([AttributeId.ROTATION_MIN_SDK, "v3.1"] as const);
  const promise = signedData.attributes.find((one) => one.id === attribute);
  if (scheme === "v3.1" || !promise || block.pairs.has(BLOCK_OF[newer])) return;
  if (scheme === "v2" && (promise.bytes.length < 4 || promise.bytes.readUInt32LE(0) !== 3)) return;
  throw new ApkError(
    "SIGNATURE_STRIPPED",
    `the ${scheme} signature says that the APK is signed with ${newer} too, but it is not. Signature stripped?`,
    { offset, field: `${label}, attributes` },
  );
}
