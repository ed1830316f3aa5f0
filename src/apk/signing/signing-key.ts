/** Keys that sign APKs, with their certificate: given, or made for the moment. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { ApkError } from "../apk-error.js";
import { makeSignature, type SignatureAlgorithm, findAlgorithm } from "./algorithms.js";
import { derBitString, der, derInteger, derNull, derOid, derSequence, derSet, derTime, derUtf8 } from "./der.js";
import { readCertificate, readPrivateKey } from "./read-key.js";

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** DER. */
  readonly certificate: Buffer;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly algorithm: SignatureAlgorithm;
}

export interface SigningKeyOptions {
  /** PEM or DER of the key's certificate. Without it one is made: self-signed, the same bytes for the same RSA key. */
  readonly certificate?: Uint8Array | string | undefined;
  readonly commonName?: string | undefined;
  /** Signature algorithm id (0x0103 …). Default: what apksigner picks for the key. */
  readonly algorithmId?: number | undefined;
}

export type KeyType = "rsa" | "ec";

const VALID_FROM = new Date("2020-01-01T00:00:00Z");
const VALID_TO = new Date("2049-12-31T23:59:59Z");
const RSA_SHA256 = "1.2.840.113549.1.1.11";
const RSA_SHA512 = "1.2.840.113549.1.1.13";
const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const ECDSA_SHA512 = "1.2.840.10045.4.3.4";
const COMMON_NAME = "2.5.4.3";

/** @param privateKey PEM or DER (PKCS#8, PKCS#1 or SEC1), or a key of node:crypto */
export function loadSigningKey(
  privateKey: Uint8Array | string | KeyObject,
  options: SigningKeyOptions = {},
): SigningKey {
  const key = readPrivateKey(privateKey);
  const publicKey = createPublicKey(key);
  const algorithm = chooseAlgorithm(key, options.algorithmId);
  const certificate = options.certificate
    ? certificateOf(publicKey, options.certificate)
    : selfSigned(key, publicKey, options.commonName ?? "jest-avf test key");
  return { privateKey: key, certificate, publicKey: publicKey.export({ type: "spki", format: "der" }), algorithm };
}

/** A new key, used once and forgotten: for APKs whose signer does not matter. */
export function throwAwayKey(type: KeyType = "ec", options: SigningKeyOptions = {}): SigningKey {
  const { privateKey } =
    type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return loadSigningKey(privateKey, options);
}

function certificateOf(publicKey: KeyObject, input: Uint8Array | string): Buffer {
  const certificate = readCertificate(input);
  if (certificate.publicKey.equals(publicKey)) return certificate.raw;
  throw new ApkError("BAD_KEY", "the certificate is not that of the private key", { field: "certificate" });
}

/** Hash by strength of the key, as apksigner: RSA above 3072 bits and curves above 256 bits take SHA-512. */
function chooseAlgorithm(key: KeyObject, id: number | undefined): SignatureAlgorithm {
  const type = key.asymmetricKeyType;
  if (type !== "rsa" && type !== "ec") {
    throw new ApkError("BAD_KEY", `a key of type ${type} cannot sign an APK; RSA and EC can`, { field: "private key" });
  }
  const algorithm = findAlgorithm(id ?? defaultAlgorithm(key));
  if (algorithm?.key === type) return algorithm;
  throw new ApkError(
    "NO_SUPPORTED_ALGORITHM",
    `algorithm 0x${id?.toString(16)} does not go with a key of type ${type}`,
  );
}

function defaultAlgorithm(key: KeyObject): number {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa") return modulusLength <= 3072 ? 0x0103 : 0x0104;
  return namedCurve === "prime256v1" ? 0x0201 : 0x0202;
}

function selfSigned(key: KeyObject, publicKey: KeyObject, commonName: string): Buffer {
  const spki = publicKey.export({ type: "spki", format: "der" });
  const { hash } = chooseAlgorithm(key, undefined);
  const isRsa = key.asymmetricKeyType === "rsa";
  const oid = isRsa ? (hash === "sha256" ? RSA_SHA256 : RSA_SHA512) : hash === "sha256" ? ECDSA_SHA256 : ECDSA_SHA512;
  const algorithm = isRsa ? derSequence(derOid(oid), derNull()) : derSequence(derOid(oid));
  const name = derSequence(derSet(derSequence(derOid(COMMON_NAME), derUtf8(commonName))));
  const serial = createHash("sha256").update(spki).digest().subarray(0, 16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const version3 = der(0xa0, derInteger(Buffer.from([2])));
  const validity = derSequence(derTime(VALID_FROM), derTime(VALID_TO));
  const body = derSequence(version3, derInteger(serial), algorithm, name, validity, name, spki);
  const signer = findAlgorithm(defaultAlgorithm(key))!;
  return derSequence(body, algorithm, derBitString(makeSignature(signer, key, body)));
}
