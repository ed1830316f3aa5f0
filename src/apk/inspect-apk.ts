/** Everything there is to say about an APK, as plain data. */
import { createHash, X509Certificate } from "node:crypto";
import { isApkError, type ApkRefusal } from "./apk-error.js";
import type { ByteSource } from "./byte-source.js";
import { readManifest, type Manifest } from "./manifest/manifest.js";
import { findPayloadConfigs, nativeLibraries, type NamedPayloadConfig } from "./native-libraries.js";
import { describeAlgorithm } from "./signing/algorithms.js";
import { signersOf } from "./signing/verify/choose-signers.js";
import type { Scheme, SdkRange, Signer } from "./signing/signer.js";
import { BlockId, findSigningBlock, type SigningBlock } from "./signing/signing-block.js";
import { verifyScheme } from "./signing/verify/verify.js";
import type { VerifiedSigner } from "./signing/verify/verify-signer.js";
import { openZip, type Zip } from "./zip/zip.js";

export interface ApkReport {
  readonly sizeBytes: number;
  readonly entryCount: number;
  /** Undefined when there is none, or it has something that cannot be read: `manifestRefusal` says what. */
  readonly manifest: Manifest | undefined;
  readonly manifestRefusal: Refusal | undefined;
  readonly signatures: readonly SchemeReport[];
  /** Why there is no signing block to read, when there is none. */
  readonly refusal: Refusal | undefined;
  readonly nativeLibraries: Readonly<Record<string, readonly string[]>>;
  readonly payloadConfigs: readonly NamedPayloadConfig[];
  /** Of the JSON files that may be payload configs, and cannot be taken out of the archive. */
  readonly payloadConfigRefusals: readonly Refusal[];
}

export interface SchemeReport {
  readonly scheme: Scheme;
  readonly verified: boolean;
  /** True: it is signed with algorithms that AVF does not know, so that nothing can be said of it. */
  readonly unjudged: boolean;
  readonly refusal: Refusal | undefined;
  /** What was verified; of a signature that is not judged, what it claims. */
  readonly signers: readonly SignerReport[];
}

export interface Refusal {
  readonly code: ApkRefusal;
  readonly reason: string;
}

export interface SignerReport {
  readonly algorithm: string;
  readonly sdk: SdkRange | undefined;
  /** Content digest that is signed, hex. */
  readonly digest: string;
  readonly subject: string;
  readonly certificateSha256: string;
  readonly validFrom: string;
  readonly validTo: string;
  /** SHA-256 of the certificates before this one, oldest first. */
  readonly lineageSha256: readonly string[];
}

const SCHEMES: readonly (readonly [Scheme, number])[] = [
  ["v2", BlockId.V2],
  ["v3", BlockId.V3],
  ["v3.1", BlockId.V31],
];
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * A signature that does not hold, and a manifest or payload config that cannot be read, are reported and not thrown; bytes
 * that are no APK at all are refused.
 */
export async function inspectApk(source: ByteSource): Promise<ApkReport> {
  const zip = await openZip(source);
  const { signatures, refusal } = await inspectSignatures(source);
  const { configs, refused } = await findPayloadConfigs(zip);
  return {
    sizeBytes: source.size,
    entryCount: zip.entries.size,
    ...(await inspectManifest(zip)),
    signatures,
    refusal,
    nativeLibraries: Object.fromEntries(nativeLibraries(zip)),
    payloadConfigs: configs,
    payloadConfigRefusals: refused.map(asRefusal),
  };
}

async function inspectManifest(zip: Zip): Promise<Pick<ApkReport, "manifest" | "manifestRefusal">> {
  try {
    const manifest = readManifest(await zip.read("AndroidManifest.xml", { maxBytes: MAX_MANIFEST_BYTES }));
    return { manifest, manifestRefusal: undefined };
  } catch (error) {
    return { manifest: undefined, manifestRefusal: asRefusal(error) };
  }
}

async function inspectSignatures(source: ByteSource): Promise<Pick<ApkReport, "signatures" | "refusal">> {
  try {
    const block = await findSigningBlock(source);
    const present = SCHEMES.filter(([, id]) => block.pairs.has(id));
    const signatures: SchemeReport[] = [];
    for (const [scheme] of present) signatures.push(await inspectScheme(source, block, scheme));
    return { signatures, refusal: undefined };
  } catch (error) {
    return { signatures: [], refusal: asRefusal(error) };
  }
}

async function inspectScheme(source: ByteSource, block: SigningBlock, scheme: Scheme): Promise<SchemeReport> {
  try {
    const { signers } = await verifyScheme(source, scheme);
    return { scheme, verified: true, unjudged: false, refusal: undefined, signers: signers.map(describeVerified) };
  } catch (error) {
    const refusal = asRefusal(error);
    const unjudged = refusal.code === "NO_SUPPORTED_ALGORITHM";
    const signers = unjudged ? signersOf(block, scheme).map(describeClaim) : [];
    return { scheme, verified: false, unjudged, refusal, signers };
  }
}

function asRefusal(error: unknown): Refusal {
  if (isApkError(error)) return { code: error.code, reason: error.shortMessage };
  throw error;
}

function describeVerified({ algorithm, signer, digest, certificate, lineage }: VerifiedSigner): SignerReport {
  return describeSigner(signer, describeAlgorithm(algorithm.id), digest, certificate, lineage);
}

/** What a signer says of itself, which nobody has checked. */
function describeClaim(signer: Signer): SignerReport {
  const { digests, certificates } = signer.signedData;
  const algorithm = signer.signatures.map((one) => describeAlgorithm(one.algorithmId)).join(", ");
  return describeSigner(signer, algorithm, digests[0]?.bytes, certificates[0], []);
}

function describeSigner(
  { sdk }: Signer,
  algorithm: string,
  digest: Buffer = EMPTY,
  certificate: Buffer = EMPTY,
  lineage: readonly Buffer[],
): SignerReport {
  return {
    algorithm,
    sdk,
    digest: digest.toString("hex"),
    ...describeCertificate(certificate),
    certificateSha256: sha256(certificate),
    lineageSha256: lineage.slice(0, -1).map(sha256),
  };
}

function describeCertificate(certificate: Buffer): Pick<SignerReport, "subject" | "validFrom" | "validTo"> {
  try {
    const { subject, validFrom, validTo } = new X509Certificate(certificate);
    return { subject: (subject ?? "").replaceAll("\n", ", "), validFrom, validTo };
  } catch {
    return { subject: "(a certificate that cannot be read)", validFrom: "", validTo: "" };
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
