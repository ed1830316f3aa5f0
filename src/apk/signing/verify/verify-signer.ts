/** One signer: its signature, its certificate, and which digest of the content it vouches for. */
import { createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { ApkError } from "../../apk-error.js";
import {
  describeAlgorithm,
  findAlgorithm,
  strongest,
  verifySignature,
  type SignatureAlgorithm,
} from "../algorithms.js";
import { verifyLineage } from "./lineage.js";
import type { AlgorithmBytes, Signer } from "../signer.js";

export interface VerifiedSigner {
  readonly signer: Signer;
  readonly algorithm: SignatureAlgorithm;
  /** The content digest that was signed; compare it with the file's. */
  readonly digest: Buffer;
  /** DER of the signer's certificate. */
  readonly certificate: Buffer;
  /** DER of the certificates before it, oldest first, and its own; empty when the key was never rotated. */
  readonly lineage: readonly Buffer[];
}

/** In AVF's order: strongest signature, SDK range, algorithm lists, digest, certificate. The content is the caller's. */
export function verifySigner(signer: Signer): VerifiedSigner {
  const strong = strongestSignature(signer);
  const algorithm = findAlgorithm(strong.algorithmId)!;
  const key = readPublicKey(signer);
  checkSignature(signer, algorithm, key, strong.bytes);
  checkSdkRange(signer);
  checkAlgorithmLists(signer);
  const digest = signer.signedData.digests.find((one) => one.algorithmId === strong.algorithmId);
  if (!digest)
    throw refuse(signer, "DIGEST_MISMATCH", `Digest not found for ${describeAlgorithm(algorithm.id)}`, "digests");
  const certificate = checkCertificate(signer, key);
  return { signer, algorithm, digest: digest.bytes, certificate, lineage: verifyLineage(signer, certificate) };
}

export function strongestSignature(signer: Signer): AlgorithmBytes {
  const strong = strongest(signer.signatures);
  if (strong) return strong;
  const listed = signer.signatures.map((one) => describeAlgorithm(one.algorithmId)).join(", ") || "none";
  throw refuse(
    signer,
    "NO_SUPPORTED_ALGORITHM",
    `No supported APK signatures found; DSA is not supported. Listed: ${listed}`,
    "signatures",
  );
}

function readPublicKey(signer: Signer): KeyObject {
  try {
    return createPublicKey({ key: signer.publicKey, format: "der", type: "spki" });
  } catch (cause) {
    throw refuse(signer, "BAD_PUBLIC_KEY", "the public key cannot be read", "public key", cause);
  }
}

function checkSignature(signer: Signer, algorithm: SignatureAlgorithm, key: KeyObject, signature: Buffer): void {
  let valid: boolean;
  try {
    valid = verifySignature(algorithm, key, signer.signedBytes, signature);
  } catch (cause) {
    throw refuse(signer, "SIGNATURE_INVALID", "Signature is invalid.", describeAlgorithm(algorithm.id), cause);
  }
  if (!valid) throw refuse(signer, "SIGNATURE_INVALID", "Signature is invalid.", describeAlgorithm(algorithm.id));
}

function checkSdkRange(signer: Signer): void {
  const outer = signer.sdk;
  const inner = signer.signedData.sdk;
  if (outer?.minSdk === inner?.minSdk && outer?.maxSdk === inner?.maxSdk) return;
  throw refuse(
    signer,
    "SDK_RANGE_DIFFERS",
    `SDK range ${outer?.minSdk} to ${outer?.maxSdk} is not the signed one, ${inner?.minSdk} to ${inner?.maxSdk}`,
    "SDK range",
  );
}

function checkAlgorithmLists(signer: Signer): void {
  const inSignatures = signer.signatures.map((one) => one.algorithmId);
  const inDigests = signer.signedData.digests.map((one) => one.algorithmId);
  if (inSignatures.length === inDigests.length && inSignatures.every((id, index) => id === inDigests[index])) return;
  throw refuse(
    signer,
    "ALGORITHMS_DIFFER",
    "Signature algorithms don't match between digests and signatures records",
    "digests",
  );
}

function checkCertificate(signer: Signer, key: KeyObject): Buffer {
  const certificate = signer.signedData.certificates[0];
  if (!certificate) throw refuse(signer, "NO_CERTIFICATE", "No certificates listed", "certificates");
  let certified: KeyObject;
  try {
    certified = new X509Certificate(certificate).publicKey;
  } catch (cause) {
    throw refuse(signer, "BAD_CERTIFICATE", "the certificate cannot be read", "certificate 0", cause);
  }
  if (!certified.equals(key)) {
    throw refuse(
      signer,
      "PUBLIC_KEY_MISMATCH",
      "Public key mismatch between certificate and signature record",
      "certificate 0",
    );
  }
  return certificate;
}

function refuse(signer: Signer, code: ApkError["code"], reason: string, field: string, cause?: unknown): ApkError {
  return new ApkError(code, reason, { offset: signer.offset, field: `${signer.label}, ${field}`, cause });
}
