/** Signature algorithms of APK Signature Schemes v2 and v3, with the content digest each one goes with. */
import { constants, sign, verify, type KeyObject } from "node:crypto";

export type DigestKind = "chunked-sha256" | "verity-sha256" | "chunked-sha512";

export interface SignatureAlgorithm {
  readonly id: number;
  readonly name: string;
  readonly key: "rsa" | "ec";
  readonly hash: "sha256" | "sha512";
  readonly pss: boolean;
  readonly digest: DigestKind;
}

/** Ids that name an algorithm, but one that AVF neither digests nor verifies with. */
export const DSA_SHA256 = 0x0301;
const VERITY_DSA_SHA256 = 0x0425;

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  { id: 0x0101, name: "RSASSA-PSS with SHA-256", key: "rsa", hash: "sha256", pss: true, digest: "chunked-sha256" },
  { id: 0x0102, name: "RSASSA-PSS with SHA-512", key: "rsa", hash: "sha512", pss: true, digest: "chunked-sha512" },
  { id: 0x0103, name: "RSA PKCS#1 with SHA-256", key: "rsa", hash: "sha256", pss: false, digest: "chunked-sha256" },
  { id: 0x0104, name: "RSA PKCS#1 with SHA-512", key: "rsa", hash: "sha512", pss: false, digest: "chunked-sha512" },
  { id: 0x0201, name: "ECDSA with SHA-256", key: "ec", hash: "sha256", pss: false, digest: "chunked-sha256" },
  { id: 0x0202, name: "ECDSA with SHA-512", key: "ec", hash: "sha512", pss: false, digest: "chunked-sha512" },
  { id: 0x0421, name: "verity RSA PKCS#1 SHA-256", key: "rsa", hash: "sha256", pss: false, digest: "verity-sha256" },
  { id: 0x0423, name: "verity ECDSA SHA-256", key: "ec", hash: "sha256", pss: false, digest: "verity-sha256" },
];

const STRENGTH: Readonly<Record<DigestKind, number>> = {
  "chunked-sha256": 0,
  "verity-sha256": 1,
  "chunked-sha512": 2,
};

export function findAlgorithm(id: number): SignatureAlgorithm | undefined {
  return ALGORITHMS.find((algorithm) => algorithm.id === id);
}

export function describeAlgorithm(id: number): string {
  const name = findAlgorithm(id)?.name ?? (id === DSA_SHA256 || id === VERITY_DSA_SHA256 ? "DSA" : "unknown");
  return `${name} (0x${id.toString(16).padStart(4, "0")})`;
}

/** The record with the strongest supported algorithm; of equals the last, as AVF's `max_by_key` takes it. */
export function strongest<Record extends { readonly algorithmId: number }>(
  records: readonly Record[],
): Record | undefined {
  let best: { readonly record: Record; readonly strength: number } | undefined;
  for (const record of records) {
    const algorithm = findAlgorithm(record.algorithmId);
    if (!algorithm) continue;
    const strength = STRENGTH[algorithm.digest];
    if (!best || strength >= best.strength) best = { record, strength };
  }
  return best?.record;
}

export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  return key.asymmetricKeyType === algorithm.key && verify(algorithm.hash, data, keyInput(algorithm, key), signature);
}

export function makeSignature(algorithm: SignatureAlgorithm, key: KeyObject, data: Uint8Array): Buffer {
  return sign(algorithm.hash, data, keyInput(algorithm, key));
}

function keyInput(algorithm: SignatureAlgorithm, key: KeyObject) {
  if (!algorithm.pss) return { key };
  const saltLength = algorithm.hash === "sha256" ? 32 : 64;
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}
