/** The signature inside an idsig: apksigner makes and checks it, AVF leaves it empty. */
import { createPublicKey, X509Certificate } from "node:crypto";
import { ApkError, isApkError, type ApkRefusal } from "../apk-error.js";
import type { ByteSource } from "../byte-source.js";
import { prefixed, u32, u64 } from "../byte-writer.js";
import { describeAlgorithm, findAlgorithm, makeSignature, verifySignature } from "../signing/algorithms.js";
import type { SigningKey } from "../signing/signing-key.js";
import { verifySignaturesOnly } from "../signing/verify/verify.js";
import type { IdsigHeader } from "./idsig.js";

/** ECDSA signatures of one key differ in length by a few bytes; the wanted length comes up every few tries. */
const MAX_TRIES = 10_000;

/** The content digest of the strongest signature that a device of this SDK looks at. The signature must hold. */
export async function bestDigest(source: ByteSource, sdk: number): Promise<Buffer> {
  const { signers } = await verifySignaturesOnly(source, sdk);
  return signers[0]!.digest;
}

/** @returns signs a header; each header signed by it has the same size */
export function signIdsig(fileSize: number, digest: Buffer, key: SigningKey): (draft: IdsigHeader) => IdsigHeader {
  let signatureLength: number | undefined;
  return (draft) => {
    const named = { ...draft.signingInfo, apkDigest: digest, certificate: key.certificate };
    const signed = signedBytes(fileSize, { ...draft, signingInfo: named });
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const signature = makeSignature(key.algorithm, key.privateKey, signed);
      signatureLength ??= signature.length;
      if (signature.length !== signatureLength) continue;
      const { publicKey } = key;
      return { ...draft, signingInfo: { ...named, publicKey, signatureAlgorithmId: key.algorithm.id, signature } };
    }
    throw new ApkError("BAD_KEY", `no signature of ${signatureLength} bytes in ${MAX_TRIES} tries`);
  };
}

/** `absent` for what AVF writes. A signature that is there must hold, and be of the APK's own signer. */
export async function verifyIdsigSignature(
  apk: ByteSource,
  header: IdsigHeader,
  sdk: number,
): Promise<"valid" | "absent"> {
  const { certificate, publicKey, signature, signatureAlgorithmId } = header.signingInfo;
  if (certificate.length + publicKey.length + signature.length === 0) return "absent";
  const algorithm = findAlgorithm(signatureAlgorithmId);
  if (!algorithm) {
    throw refuse(
      "NO_SUPPORTED_ALGORITHM",
      `the signature uses ${describeAlgorithm(signatureAlgorithmId)}`,
      "algorithm",
    );
  }
  const key = attempt("BAD_PUBLIC_KEY", "public key", () =>
    createPublicKey({ key: publicKey, format: "der", type: "spki" }),
  );
  const certified = attempt("BAD_CERTIFICATE", "certificate", () => new X509Certificate(certificate).publicKey);
  const signed = signedBytes(apk.size, header);
  const valid = attempt("SIGNATURE_INVALID", "signature", () => verifySignature(algorithm, key, signed, signature));
  if (!valid) throw refuse("SIGNATURE_INVALID", "Signature is invalid.", "signature");
  if (!certified.equals(key)) {
    throw refuse("PUBLIC_KEY_MISMATCH", "Public key mismatch between certificate and signature record", "public key");
  }
  const { signers } = await verifySignaturesOnly(apk, sdk);
  if (signers.some((signer) => signer.certificate.equals(certificate))) return "valid";
  throw refuse("SIGNER_MISMATCH", "the idsig is signed by another key than the APK", "certificate");
}

/** What apksigner signs: a size, then the fields in this order. */
function signedBytes(fileSize: number, { hashingInfo, signingInfo }: IdsigHeader): Buffer {
  const { hashAlgorithm, log2BlockSize, salt, rootHash } = hashingInfo;
  const { apkDigest, certificate, additionalData } = signingInfo;
  const fields = Buffer.concat([
    u64(fileSize),
    u32(hashAlgorithm),
    Buffer.from([log2BlockSize]),
    ...[salt, rootHash, apkDigest, certificate, additionalData].map((bytes) => prefixed(bytes)),
  ]);
  return Buffer.concat([u32(fields.length + 4), fields]);
}

function attempt<Result>(code: ApkRefusal, field: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    if (isApkError(cause)) throw cause;
    throw refuse(code, `the ${field} cannot be read`, field, cause);
  }
}

function refuse(code: ApkRefusal, reason: string, field: string, cause?: unknown): ApkError {
  return new ApkError(code, reason, { field: `idsig, signing info, ${field}`, cause });
}
