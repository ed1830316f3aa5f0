/** APKs with one thing wrong. Each function takes a good APK, signed v2 + v3, and returns a new one. */
import { ApkError, type ApkRefusal } from "../apk-error.js";
import { bytesSource } from "../byte-source.js";
import { findSigningBlock } from "../signing/signing-block.js";
import type { Scheme } from "../signing/signer.js";
import { signApk, type SignerChange } from "../signing/sign-apk.js";
import type { SigningKey } from "../signing/signing-key.js";
import { signersOf } from "../signing/verify/choose-signers.js";
import { openZip } from "../zip/zip.js";
import { DSA_SHA256 } from "../signing/algorithms.js";
import type { DeviceAnswer, Spoiled } from "./spoiled.js";

const NOT_CERTIFIED = "INSTALL_PARSE_FAILED_NO_CERTIFICATES";
const VERIFICATION_FAILED = "MICRODROID_PAYLOAD_VERIFICATION_FAILED";
const EC_ALGORITHMS = 0x0200;
const END_RECORD_BYTES = 22;
const SIZE_AND_MAGIC_BYTES = 24;
const END_DIRECTORY_OFFSET = 16;

/** Read as before, but no longer what was signed. `vm create-idsig` looks at no signature, so it takes this. */
const UNTRUE: DeviceAnswer = {
  install: NOT_CERTIFIED,
  createIdsig: { release15: "accepted", release13: "accepted" },
  run: VERIFICATION_FAILED,
  runAnew: VERIFICATION_FAILED,
};
/** No v3 signature can be found in it any more. */
const UNSIGNED: DeviceAnswer = {
  install: NOT_CERTIFIED,
  createIdsig: { release15: "refused", release13: "accepted" },
  run: VERIFICATION_FAILED,
};

/** @param at position in the entry's (packed) content */
export async function flipEntryByte(apk: Uint8Array, entry: string, at = 0): Promise<Spoiled> {
  const bytes = Buffer.from(apk);
  const zip = await openZip(bytesSource(bytes));
  const range = await zip.locate(entry);
  if (range.length === 0)
    throw new ApkError("BAD_VALUE", `"${entry}" is empty: it has no byte to flip`, { field: entry });
  flip(bytes, range.offset + Math.min(at, range.length - 1));
  return { bytes, what: `a byte of ${entry} is flipped`, refusal: "DIGEST_MISMATCH", device: UNTRUE };
}

export type SignerPart = "signature" | "signed digest" | "certificate" | "public key";

/** Flips a byte in the first signer of a scheme. Devices that know v3 look at no v2 signature beside it. */
export async function flipSignerByte(apk: Uint8Array, scheme: Scheme, part: SignerPart): Promise<Spoiled> {
  const bytes = Buffer.from(apk);
  const [signer] = signersOf(await findSigningBlock(bytesSource(bytes)), scheme);
  const { signatures, signedData, publicKey } = signer!;
  const fields: Readonly<Record<SignerPart, Buffer | undefined>> = {
    signature: signatures[0]?.bytes,
    "signed digest": signedData.digests[0]?.bytes,
    certificate: signedData.certificates[0],
    "public key": publicKey,
  };
  // The fields are views of the copy.
  const field = fields[part]!;
  flip(field, part === "public key" ? field.length - 12 : Math.floor(field.length / 2));
  // Half of all numbers are on no curve, and OpenSSL wants a point; any odd number is an RSA modulus.
  const isPoint = part === "public key" && (signatures[0]!.algorithmId & 0x0f00) === EC_ALGORITHMS;
  const refusal = isPoint ? "BAD_PUBLIC_KEY" : "SIGNATURE_INVALID";
  const device: DeviceAnswer = scheme === "v2" ? { ...UNTRUE, install: "accepted", runAnew: "runs" } : UNTRUE;
  return { bytes, what: `a byte of the ${scheme} ${part} is flipped`, refusal, device };
}

/** The APK as it was before it was signed. */
export async function dropSigningBlock(apk: Uint8Array): Promise<Spoiled> {
  const block = await findSigningBlock(bytesSource(apk));
  const bytes = Buffer.concat([apk.subarray(0, block.blockOffset), apk.subarray(block.centralDirectoryOffset)]);
  bytes.writeUInt32LE(block.blockOffset, endRecordOffset(bytes, apk.length - block.endOffset) + END_DIRECTORY_OFFSET);
  return { bytes, what: "the signing block is gone", refusal: "NO_SIGNING_BLOCK", device: UNSIGNED };
}

export async function spoilBlockMagic(apk: Uint8Array): Promise<Spoiled> {
  const { bytes, footer } = await copyWithFooter(apk);
  flip(bytes, footer + SIZE_AND_MAGIC_BYTES - 1);
  return { bytes, what: "the signing block's magic is wrong", refusal: "NO_SIGNING_BLOCK", device: UNSIGNED };
}

/** The size in the block's header is another one than in its footer. */
export async function spoilBlockSizes(apk: Uint8Array): Promise<Spoiled> {
  const { bytes, block } = await copyWithFooter(apk);
  flip(bytes, block);
  const what = "the signing block's sizes in header and footer differ";
  return { bytes, what, refusal: "SIGNING_BLOCK_SIZES_DIFFER", device: UNSIGNED };
}

/** Cuts the file inside its central directory. */
export async function truncateCentralDirectory(apk: Uint8Array): Promise<Spoiled> {
  const { centralDirectoryOffset, endOffset } = await findSigningBlock(bytesSource(apk));
  const middle = Math.floor((centralDirectoryOffset + endOffset) / 2);
  const bytes = Buffer.from(apk.subarray(0, middle));
  const device: DeviceAnswer = { ...UNSIGNED, install: "INSTALL_PARSE_FAILED_NOT_APK" };
  return { bytes, what: "the file ends inside its central directory", refusal: "NOT_A_ZIP", device };
}

/** Takes bytes out of the central directory and leaves its size in the end record as it was. */
export async function shortenCentralDirectory(apk: Uint8Array, count = 8): Promise<Spoiled> {
  const { endOffset } = await findSigningBlock(bytesSource(apk));
  const bytes = Buffer.concat([apk.subarray(0, endOffset - count), apk.subarray(endOffset)]);
  const device: DeviceAnswer = { ...UNSIGNED, install: "INSTALL_PARSE_FAILED_NOT_APK" };
  const what = "the central directory is shorter than its end record says";
  return { bytes, what, refusal: "TRUNCATED_CENTRAL_DIRECTORY", device };
}

/** A good APK, but another signer's: it cannot update the first, the first one's idsig is not its own, nor are its VMs. */
export async function signWithOtherKey(apk: Uint8Array, key: SigningKey): Promise<Spoiled> {
  const bytes = await signApk(apk, { key });
  const device: DeviceAnswer = { ...UNTRUE, install: "INSTALL_FAILED_UPDATE_INCOMPATIBLE", runAnew: "runs" };
  return { bytes, what: "the APK is signed with another key", refusal: undefined, device };
}

export type SignerFault =
  | "no certificate"
  | "certificate of another key"
  | "algorithms differ"
  | "no supported algorithm"
  | "wrong digest"
  | "SDK ranges differ";

/** Signs again with `key`, with a fault under the signature: only the owner of the key can do that. */
export async function signWithFault(
  apk: Uint8Array,
  key: SigningKey,
  fault: SignerFault,
  otherKey: SigningKey,
): Promise<Spoiled> {
  const { refusal, change, device = UNTRUE } = faults(otherKey)[fault];
  return { bytes: await signApk(apk, { key }, change), what: `signed with a fault: ${fault}`, refusal, device };
}

interface Fault {
  readonly refusal: ApkRefusal;
  readonly change: SignerChange;
  readonly device?: DeviceAnswer;
}

function faults(otherKey: SigningKey): Readonly<Record<SignerFault, Fault>> {
  const changeDigest = (change: (algorithmId: number, bytes: Buffer) => { algorithmId: number; bytes: Buffer }) => {
    const changed: SignerChange = (signer) => ({
      ...signer,
      digests: signer.digests.map(({ algorithmId, bytes }) => change(algorithmId, bytes)),
    });
    return changed;
  };
  return {
    "no certificate": { refusal: "NO_CERTIFICATE", change: (signer) => ({ ...signer, certificates: [] }) },
    "certificate of another key": {
      refusal: "PUBLIC_KEY_MISMATCH",
      change: (signer) => ({ ...signer, certificates: [otherKey.certificate] }),
    },
    "algorithms differ": {
      refusal: "ALGORITHMS_DIFFER",
      change: changeDigest((algorithmId, bytes) => ({ algorithmId: algorithmId ^ 1, bytes })),
      // Android 15 finds no digest for the signature's algorithm.
      device: UNSIGNED,
    },
    "no supported algorithm": {
      refusal: "NO_SUPPORTED_ALGORITHM",
      change: (signer) => ({ ...signer, claimedAlgorithmId: DSA_SHA256 }),
      device: UNSIGNED,
    },
    "wrong digest": {
      refusal: "DIGEST_MISMATCH",
      change: changeDigest((algorithmId, bytes) => ({ algorithmId, bytes: Buffer.from(bytes).reverse() })),
    },
    "SDK ranges differ": {
      refusal: "SDK_RANGE_DIFFERS",
      change: (signer) =>
        signer.sdk ? { ...signer, outerSdk: { ...signer.sdk, minSdk: signer.sdk.minSdk + 1 } } : signer,
    },
  };
}

async function copyWithFooter(apk: Uint8Array) {
  const bytes = Buffer.from(apk);
  const { blockOffset, centralDirectoryOffset } = await findSigningBlock(bytesSource(bytes));
  return { bytes, block: blockOffset, footer: centralDirectoryOffset - SIZE_AND_MAGIC_BYTES };
}

function endRecordOffset(bytes: Buffer, endBytes: number): number {
  return bytes.length - Math.max(endBytes, END_RECORD_BYTES);
}

function flip(bytes: Buffer, at: number): void {
  bytes[at] = bytes[at]! ^ 0x01;
}
