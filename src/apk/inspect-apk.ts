/** Everything there is to say about an APK, as plain data. */
import { createHash, X509Certificate } from "node:crypto";
import { isApkError, type ApkRefusal } from "./apk-error.js";
import type { ByteSource } from "./byte-source.js";
import { readManifest, type Manifest } from "./manifest/manifest.js";
import { nativeLibraries, payloadConfigs, type NamedPayloadConfig } from "./native-libraries.js";
import { describeAlgorithm } from "./signing/algorithms.js";
import type { Scheme, SdkRange } from "./signing/signer.js";
import { BlockId, findSigningBlock } from "./signing/signing-block.js";
import { verifyScheme } from "./signing/verify.js";
import type { VerifiedSigner } from "./signing/verify-signer.js";
import { openZip } from "./zip/zip.js";

export interface ApkReport {
  readonly sizeBytes: number;
  readonly entryCount: number;
  readonly manifest: Manifest;
  readonly signatures: readonly SchemeReport[];
  /** Why there is no signing block to read, when there is none. */
  readonly refusal: Refusal | undefined;
  readonly nativeLibraries: Readonly<Record<string, readonly string[]>>;
  readonly payloadConfigs: readonly NamedPayloadConfig[];
}

export interface SchemeReport {
  readonly scheme: Scheme;
  readonly verified: boolean;
  readonly refusal: Refusal | undefined;
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

/** A signature that does not hold is reported, not thrown; bytes that are no APK at all are refused. */
export async function inspectApk(source: ByteSource): Promise<ApkReport> {
  const zip = await openZip(source);
  const manifest = readManifest(await zip.read("AndroidManifest.xml", { maxBytes: MAX_MANIFEST_BYTES }));
  const { signatures, refusal } = await inspectSignatures(source);
  return {
    sizeBytes: source.size,
    entryCount: zip.entries.size,
    manifest,
    signatures,
    refusal,
    nativeLibraries: Object.fromEntries(nativeLibraries(zip)),
    payloadConfigs: await payloadConfigs(zip),
  };
}

async function inspectSignatures(source: ByteSource): Promise<Pick<ApkReport, "signatures" | "refusal">> {
  try {
    const { pairs } = await findSigningBlock(source);
    const present = SCHEMES.filter(([, id]) => pairs.has(id));
    const signatures: SchemeReport[] = [];
    for (const [scheme] of present) signatures.push(await inspectScheme(source, scheme));
    return { signatures, refusal: undefined };
  } catch (error) {
    return { signatures: [], refusal: asRefusal(error) };
  }
}

async function inspectScheme(source: ByteSource, scheme: Scheme): Promise<SchemeReport> {
  try {
    const { signers } = await verifyScheme(source, scheme);
    return { scheme, verified: true, refusal: undefined, signers: signers.map(describeSigner) };
  } catch (error) {
    return { scheme, verified: false, refusal: asRefusal(error), signers: [] };
  }
}

function asRefusal(error: unknown): Refusal {
  if (isApkError(error)) return { code: error.code, reason: error.shortMessage };
  throw error;
}

function describeSigner({ algorithm, signer, digest, certificate, lineage }: VerifiedSigner): SignerReport {
  const { subject, validFrom, validTo } = new X509Certificate(certificate);
  return {
    algorithm: describeAlgorithm(algorithm.id),
    sdk: signer.sdk,
    digest: digest.toString("hex"),
    subject: (subject ?? "").replaceAll("\n", ", "),
    certificateSha256: sha256(certificate),
    validFrom,
    validTo,
    lineageSha256: lineage.slice(0, -1).map(sha256),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
