/** The lineage of a rotated signing key: each certificate is signed for by the one before it. */
import { X509Certificate, type KeyObject } from "node:crypto";
import { ApkError } from "../../apk-error.js";
import { ByteReader } from "../../byte-reader.js";
import { prefixed, u32 } from "../../byte-writer.js";
import { findAlgorithm, makeSignature, verifySignature } from "../algorithms.js";
import { AttributeId, type Signer } from "../signer.js";
import type { SigningKey } from "../signing-key.js";

interface LineageNode {
  readonly certificate: Buffer;
  /** What the older certificate may still be used for, by bits. */
  readonly flags: number;
}

const VERSION = 1;
const MAX_NODES = 64;
/** Data, shared user id, permissions and authentication stay with the old key; rollback to it does not. */
const DEFAULT_FLAGS = 0x17;

/** Certificates from the oldest to the signer's own; empty when there is no lineage. */
export function verifyLineage(signer: Signer, certificate: Buffer): readonly Buffer[] {
  const attribute = signer.signedData.attributes.find((one) => one.id === AttributeId.LINEAGE);
  if (!attribute) return [];
  const nodes = parseLineage(new ByteReader(attribute.bytes, `${signer.label}, lineage`, attribute.offset));
  if (nodes.at(-1)?.certificate.equals(certificate)) return nodes.map((node) => node.certificate);
  throw new ApkError("LINEAGE_INVALID", "the lineage does not end with the signer's certificate", {
    offset: attribute.offset,
    field: `${signer.label}, lineage`,
  });
}

/** Every link's signature is verified. */
function parseLineage(reader: ByteReader): readonly LineageNode[] {
  const version = reader.u32("version");
  if (version !== VERSION) reader.refuse("LINEAGE_INVALID", `version ${version} is not known`, "version", 0);
  const nodes: LineageNode[] = [];
  let parent: { readonly key: KeyObject; readonly algorithmId: number } | undefined;
  for (const node of reader.sequence("node")) {
    if (nodes.length === MAX_NODES) node.refuse("LIMIT_EXCEEDED", `more than ${MAX_NODES} certificates`, "node");
    const signed = node.prefixed("signed data");
    const flags = node.u32("flags");
    const algorithmId = node.u32("algorithm");
    const signature = node.prefixedBytes("signature");
    const certificate = signed.prefixedBytes("certificate");
    const signedAlgorithmId = signed.u32("algorithm of the parent");
    if (parent) checkLink(parent, { signed, signature, signedAlgorithmId });
    if (nodes.some((known) => known.certificate.equals(certificate))) {
      node.refuse("LINEAGE_INVALID", "the same certificate occurs twice", "certificate");
    }
    nodes.push({ certificate, flags });
    parent = { key: readKey(certificate, node), algorithmId };
  }
  return nodes;
}

/** The value of the lineage attribute for keys from the oldest to the newest. */
export function writeLineage(keys: readonly SigningKey[]): Buffer {
  const nodes = keys.map((key, index) => {
    const parent = keys[index - 1];
    const signed = Buffer.concat([prefixed(key.certificate), u32(parent?.algorithm.id ?? 0)]);
    const signature = parent ? makeSignature(parent.algorithm, parent.privateKey, signed) : Buffer.alloc(0);
    const algorithmId = index === keys.length - 1 ? 0 : key.algorithm.id;
    return prefixed(prefixed(signed), u32(DEFAULT_FLAGS), u32(algorithmId), prefixed(signature));
  });
  return Buffer.concat([u32(VERSION), ...nodes]);
}

interface Link {
  readonly signed: ByteReader;
  readonly signature: Buffer;
  readonly signedAlgorithmId: number;
}

function checkLink(
  parent: { readonly key: KeyObject; readonly algorithmId: number },
  { signed, signature, signedAlgorithmId }: Link,
): void {
  const algorithm = findAlgorithm(parent.algorithmId);
  if (!algorithm || parent.algorithmId !== signedAlgorithmId) {
    return signed.refuse("LINEAGE_INVALID", "the algorithm is unknown, or not the one that was signed", "algorithm");
  }
  let valid = false;
  try {
    valid = verifySignature(algorithm, parent.key, signed.all, signature);
  } catch {
    // OpenSSL throws for signatures that are malformed; they are as invalid as others.
  }
  if (!valid) signed.refuse("LINEAGE_INVALID", "the certificate before it did not sign this one", "signature");
}

function readKey(certificate: Buffer, node: ByteReader): KeyObject {
  try {
    return new X509Certificate(certificate).publicKey;
  } catch {
    return node.refuse("BAD_CERTIFICATE", "the certificate cannot be read", "certificate");
  }
}
