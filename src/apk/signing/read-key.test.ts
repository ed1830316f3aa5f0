import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { fixture } from "../testing/fixtures.js";
import { loadSigningKey } from "./signing-key.js";

const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
const secret = { cipher: "aes-256-cbc", passphrase: "secret" } as const;
const certificate = loadSigningKey(ec.privateKey).certificate;
const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;
/** What `openssl ecparam -genkey` writes before the key: the OID of prime256v1. */
const EC_PARAMETERS = pem("EC PARAMETERS", Buffer.from("06082a8648ce3d030107", "hex"));

const matching = (pattern: RegExp | undefined): unknown => pattern && expect.stringMatching(pattern);

describe("a private key is read from", () => {
  const sec1 = ec.privateKey.export({ type: "sec1", format: "pem" });
  test.each<[string, KeyObject, string | Buffer]>([
    ["PKCS#8 PEM", ec.privateKey, ec.privateKey.export({ type: "pkcs8", format: "pem" })],
    ["PKCS#1 PEM", rsa.privateKey, rsa.privateKey.export({ type: "pkcs1", format: "pem" })],
    ["SEC1 PEM", ec.privateKey, sec1],
    [
      "SEC1 PEM after its parameters, as openssl ecparam writes it",
      ec.privateKey,
      `${EC_PARAMETERS}${sec1.toString()}`,
    ],
    [
      "PEM after other lines, as openssl pkcs12 writes it",
      ec.privateKey,
      `Bag Attributes\n    x: 1\n${sec1.toString()}`,
    ],
    ["PEM with line ends of Windows", ec.privateKey, sec1.toString().replaceAll("\n", "\r\n")],
    ["PKCS#8 DER", rsa.privateKey, rsa.privateKey.export({ type: "pkcs8", format: "der" })],
    ["PKCS#1 DER", rsa.privateKey, rsa.privateKey.export({ type: "pkcs1", format: "der" })],
    ["SEC1 DER", ec.privateKey, ec.privateKey.export({ type: "sec1", format: "der" })],
    ["a KeyObject", ec.privateKey, ec.privateKey as unknown as string],
  ])("%s", (_, key, input) => {
    expect(loadSigningKey(input).privateKey.equals(key)).toBe(true);
  });
});

describe("what is not a private key is refused, with what to do", () => {
  const spki = { type: "spki", format: "der" } as const;
  const ENCRYPTED = /it is encrypted, and no password is asked for here/;
  const PKEY = /^decrypt a copy: openssl pkey -in KEY -out PLAIN\.pem$/;
  test.each<[string, string | Buffer, RegExp, RegExp | undefined]>([
    ["encrypted PKCS#8 PEM", ec.privateKey.export({ type: "pkcs8", format: "pem", ...secret }), ENCRYPTED, PKEY],
    ["encrypted PKCS#1 PEM", rsa.privateKey.export({ type: "pkcs1", format: "pem", ...secret }), ENCRYPTED, PKEY],
    ["encrypted SEC1 PEM", ec.privateKey.export({ type: "sec1", format: "pem", ...secret }), ENCRYPTED, PKEY],
    [
      "encrypted PKCS#8 DER",
      ec.privateKey.export({ type: "pkcs8", format: "der", ...secret }),
      ENCRYPTED,
      /openssl pkcs8 -inform DER -in KEY/,
    ],
    ["a certificate, PEM", pem("CERTIFICATE", certificate), /it is a certificate/, /--cert/],
    ["a certificate, DER", certificate, /it is a certificate/, /--cert/],
    ["a public key, PEM", pem("PUBLIC KEY", ec.publicKey.export(spki)), /it is a public key/, /private key/],
    ["a public key, DER", ec.publicKey.export(spki), /it is a public key/, /private key/],
    ["PKCS#12", fixture("golden/keystore.p12"), /it is a PKCS#12 keystore/, /openssl pkcs12 -in KEYSTORE -nocerts/],
    ["a Java keystore", Buffer.from("feedfeed00000002", "hex"), /it is a Java keystore/, /keytool -importkeystore/],
    ["OpenSSH", pem("OPENSSH PRIVATE KEY", Buffer.from("openssh-key-v1\0")), /in OpenSSH's form/, /ssh-keygen -p/],
    ["a request", pem("CERTIFICATE REQUEST", certificate), /PEM of CERTIFICATE REQUEST, which is no/, undefined],
    ["damaged PEM", pem("PRIVATE KEY", Buffer.from("not a key")), /its PEM is damaged/, undefined],
    ["an empty file", Buffer.alloc(0), /it is empty/, undefined],
    ["anything else", Buffer.from("hello"), /PEM or DER of a private key/, undefined],
  ])("%s", (_, input, what, hint) => {
    expect(() => loadSigningKey(input)).toThrow(
      expect.objectContaining({
        code: "BAD_KEY",
        shortMessage: expect.stringMatching(what),
        hint: matching(hint),
      }),
    );
  });

  test("a key of another kind", () => {
    expect(() => loadSigningKey(generateKeyPairSync("ed25519").privateKey)).toThrow(/type ed25519 cannot sign an APK/);
  });

  test("a private key in place of its certificate", () => {
    const key = ec.privateKey.export({ type: "pkcs8", format: "pem" });
    expect(() => loadSigningKey(key, { certificate: key })).toThrow(/certificate cannot be read: it is a private key/);
  });
});
