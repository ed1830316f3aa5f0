/** Private keys and certificates in the forms that people have them in; for the others, what it is and how to convert it. */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { ApkError } from "../apk-error.js";

const ASN1_SEQUENCE = 0x30;
/** Of password-based encryption: 1.2.840.113549.1.5 (PKCS#5) and 1.2.840.113549.1.12.1 (PKCS#12). */
const ENCRYPTION_OIDS = ["2a864886f70d0105", "2a864886f70d010c01"];
const PKCS7_OID = "2a864886f70d0107";
const JAVA_KEYSTORES = ["feedfeed", "cececece"];
/** The identifiers stand at the beginning. */
const HEAD_BYTES = 48;

/** @param input PEM (PKCS#8, PKCS#1 or SEC1), DER (the same), or a key of node:crypto */
export function readPrivateKey(input: Uint8Array | string | KeyObject): KeyObject {
  if (typeof input !== "string" && !ArrayBuffer.isView(input)) return input;
  const bytes = Buffer.from(input);
  try {
    return isPem(bytes) ? createPrivateKey(bytes) : derPrivateKey(bytes);
  } catch (cause) {
    const { what, hint } = diagnose(bytes);
    throw new ApkError("BAD_KEY", `the private key cannot be read: ${what}`, { cause, field: "private key", hint });
  }
}

/** @param input PEM or DER */
export function readCertificate(input: Uint8Array | string): X509Certificate {
  const bytes = Buffer.from(input);
  try {
    return new X509Certificate(bytes);
  } catch (cause) {
    const what = isPrivateKey(bytes) ? "it is a private key" : "PEM or DER of an X.509 certificate is wanted";
    throw new ApkError("BAD_CERTIFICATE", `the certificate cannot be read: ${what}`, { cause, field: "certificate" });
  }
}

function isPem(bytes: Buffer): boolean {
  return bytes.includes("-----BEGIN ");
}

function derPrivateKey(key: Buffer): KeyObject {
  for (const type of ["pkcs8", "pkcs1", "sec1"] as const) {
    const found = attempt(() => createPrivateKey({ key, format: "der", type }));
    if (found) return found;
  }
  throw new Error("none of PKCS#8, PKCS#1 and SEC1");
}

function isPrivateKey(bytes: Buffer): boolean {
  if (isPem(bytes)) return /-----BEGIN (\w+ )*PRIVATE KEY-----/.test(bytes.toString("latin1"));
  return attempt(() => derPrivateKey(bytes)) !== undefined;
}

interface Diagnosis {
  readonly what: string;
  readonly hint?: string;
}

const ENCRYPTED = "it is encrypted, and no password is asked for here";
const CERTIFICATE: Diagnosis = {
  what: "it is a certificate",
  hint: "give the private key that belongs to it, and the certificate as --cert",
};
const PUBLIC_KEY: Diagnosis = { what: "it is a public key", hint: "only the private key that belongs to it can sign" };
const WANTED = "PEM or DER of a private key (PKCS#8, PKCS#1 or SEC1) is wanted";

function diagnose(bytes: Buffer): Diagnosis {
  if (bytes.length === 0) return { what: "it is empty" };
  return isPem(bytes) ? diagnosePem(bytes.toString("latin1")) : diagnoseDer(bytes);
}

function diagnosePem(text: string): Diagnosis {
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label = ""]) => label);
  if (labels.includes("ENCRYPTED PRIVATE KEY") || /^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return { what: ENCRYPTED, hint: "decrypt a copy: openssl pkey -in KEY -out PLAIN.pem" };
  }
  if (labels.includes("OPENSSH PRIVATE KEY")) {
    return { what: "it is in OpenSSH's form", hint: "convert a copy: ssh-keygen -p -m PKCS8 -f COPY" };
  }
  if (labels.some((label) => label.endsWith("PRIVATE KEY"))) return { what: "its PEM is damaged" };
  if (labels.some((label) => label.endsWith("CERTIFICATE"))) return CERTIFICATE;
  if (labels.some((label) => label.endsWith("PUBLIC KEY"))) return PUBLIC_KEY;
  return { what: `it is PEM of ${labels.join(" and ")}, which is no private key` };
}

function diagnoseDer(bytes: Buffer): Diagnosis {
  const head = bytes.subarray(0, HEAD_BYTES).toString("hex");
  if (JAVA_KEYSTORES.some((magic) => head.startsWith(magic))) {
    return {
      what: "it is a Java keystore",
      hint: "export the key: keytool -importkeystore -srckeystore KEYSTORE -destkeystore KEY.p12 -deststoretype PKCS12, then openssl pkcs12 -in KEY.p12 -nocerts -nodes -out KEY.pem",
    };
  }
  if (bytes[0] !== ASN1_SEQUENCE) return { what: WANTED };
  if (head.includes(PKCS7_OID)) {
    return {
      what: "it is a PKCS#12 keystore",
      hint: "export the key: openssl pkcs12 -in KEYSTORE -nocerts -nodes -out KEY.pem",
    };
  }
  if (ENCRYPTION_OIDS.some((oid) => head.includes(oid))) {
    return { what: ENCRYPTED, hint: "decrypt a copy: openssl pkcs8 -inform DER -in KEY -out PLAIN.pem" };
  }
  if (attempt(() => new X509Certificate(bytes))) return CERTIFICATE;
  if (attempt(() => createPublicKey({ key: bytes, format: "der", type: "spki" }))) return PUBLIC_KEY;
  return { what: WANTED };
}

function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
