/** What the seeds of guest and host are made of, and the guest's own: written to files for libFuzzer. */
import { createECDH, generateKeyPairSync, privateEncrypt, sign } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { buildApk } from "../src/apk/build-apk.js";
import { bytesSource } from "../src/apk/byte-source.js";
import { createIdsig } from "../src/apk/idsig/create.js";
import { compileManifest } from "../src/apk/manifest/compile-manifest.js";
import { throwAwayKey, type SigningKey } from "../src/apk/signing/signing-key.js";
import { writeZip } from "../src/apk/zip/write-zip.js";

export const MANIFEST = `<?xml version="1.0"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.a" android:versionCode="0x10">
  <!-- c --><uses-sdk android:minSdkVersion="30" android:targetSdkVersion="Baklava"/>
  <application android:label="&#60;a&amp;" android:hasCode="false"><![CDATA[ ]]></application></manifest>`;
export const PAYLOAD_CONFIG = `{"os":{"name":"microdroid"},"task":{"type":"microdroid_launcher","command":"a.so","args":["1"]},"extra_apks":[{"path":"/a"}],"export_tombstones":true}`;
const METADATA = `version=1\nname=vm1\nrelease=15\nconfig_path=assets/c.json\napk_size=42\nidsig_size=9\nextra_apk_count=1\nextra_apk_0_size=7\nextra_idsig_0_size=8\nentropy=${"00ff".repeat(16)}\n`;

/** Its entries are deflated, but for one. */
export function smallApk(key: SigningKey, rotatedTo?: SigningKey, minSdk = 33): Promise<Buffer> {
  const files = new Map([
    ["AndroidManifest.xml", Buffer.from(MANIFEST)],
    ["assets/vm_config.json", Buffer.from(PAYLOAD_CONFIG)],
  ]);
  return buildApk(files, { key, compress: true, rotation: rotatedTo && { key: rotatedTo, minSdk } });
}

/** The APK from its signing block on: the padding before it is irrelevant. */
export function tailOf(apk: Buffer): Buffer {
  const magic = apk.indexOf("APK Sig Block 42");
  const size = Number(apk.readBigUInt64LE(magic - 8));
  const block = magic + 16 - size - 8;
  const tail = Buffer.from(apk.subarray(block));
  const end = tail.lastIndexOf("PK\x05\x06");
  tail.writeUInt32LE(tail.readUInt32LE(end + 16) - block, end + 16);
  return tail;
}

/** By target. The format of each is described at the top of `fuzz/guest/NAME.c`. */
export async function guestSeeds(): Promise<Readonly<Record<string, readonly Buffer[]>>> {
  const [ec, rsa] = [throwAwayKey("ec"), throwAwayKey("rsa")];
  // The guest reads v3 for SDK 35, so that a key that is rotated later, in v3.1, is beside it.
  const apks = [await smallApk(ec), await smallApk(rsa), await smallApk(ec, rsa, 36)];
  const json = Buffer.from(PAYLOAD_CONFIG);
  const idsig = await createIdsig(bytesSource(apks[0]!), { key: ec });
  return {
    zip: [plainZip(false), plainZip(true)],
    inflate: [
      Buffer.concat([u16(json.length), deflateRawSync(json)]),
      Buffer.concat([u16(1000), deflateRawSync(Buffer.alloc(1000))]),
    ],
    json: [json],
    metadata: [Buffer.from(METADATA)],
    manifest: [compileManifest(MANIFEST)],
    idsig: [Buffer.concat([u32(apks[0]!.length), idsig])],
    "log-record": [Buffer.from("00010002000000030000000454616700616e640a6d6f726500", "hex")],
    // Requests a map of one, a text, an array, a number, bytes; and contains them.
    cbor: [Buffer.from("050c01040300a16461706b73810743aabbcc", "hex")],
    "signing-block": apks.map(tailOf),
    "public-key": [derParts(2, ec), derParts(0, rsa)],
    signature: [rsaSignature(), ecdsaSignature()],
  };
}

function plainZip(compress: boolean): Buffer {
  const entries = [
    { name: "AndroidManifest.xml", content: compileManifest(MANIFEST), compress },
    { name: "assets/a/b.json", content: Buffer.from(PAYLOAD_CONFIG), compress },
  ];
  const zip = writeZip(entries);
  return Buffer.concat([...zip.entries, zip.centralDirectory, zip.end]);
}

/** Scheme, hash, key, signature, and a certificate for what is signed. */
function derParts(scheme: number, { privateKey, publicKey, certificate }: SigningKey): Buffer {
  const signature = sign("sha256", certificate, privateKey);
  return Buffer.concat([
    Buffer.from([scheme, 0]),
    u32(publicKey.length),
    publicKey,
    u32(signature.length),
    signature,
    certificate,
  ]);
}

/** What the target `signature` takes for a SHA-256 digest. */
const DIGEST = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);

/** RSA of 512 bits: 65537, the modulus, a PKCS #1 signature of that digest. */
function rsaSignature(): Buffer {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 512 });
  const digestInfo = Buffer.concat([Buffer.from("3031300d060960864801650304020105000420", "hex"), DIGEST]);
  const modulus = Buffer.from(publicKey.export({ format: "jwk" }).n ?? "", "base64url");
  return Buffer.concat([Buffer.from([0, 1, 0, 1]), modulus, privateEncrypt(privateKey, digestInfo)]);
}

/** Order of P-256 (SEC 2, 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** ECDSA over P-256 of that digest, which no library signs as it is: s = (digest + r * key) / nonce. */
function ecdsaSignature(): Buffer {
  const [key, nonce] = [createECDH("prime256v1"), createECDH("prime256v1")];
  const point = key.generateKeys().subarray(1);
  const r = numberOf(nonce.generateKeys().subarray(1, 33)) % ORDER;
  const inverse = power(numberOf(nonce.getPrivateKey()), ORDER - 2n);
  const s = (inverse * ((numberOf(DIGEST) + r * numberOf(key.getPrivateKey())) % ORDER)) % ORDER;
  const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
  return Buffer.concat([Buffer.from([6]), point, bytes(r), bytes(s)]);
}

const numberOf = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString("hex")}`);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, left] = [base % ORDER, exponent]; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % ORDER;
    square = (square * square) % ORDER;
  }
  return result;
}

function u16(value: number): Buffer {
  return Buffer.from([value & 0xff, value >> 8]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
