/** Idsigs with one thing wrong. Each function takes a good one and returns a new one. */
import { createHash } from "node:crypto";
import { parseIdsig, serializeIdsig, type Idsig } from "../idsig/idsig.js";
import { BLOCK_BYTES } from "../idsig/tree-layout.js";
import type { DeviceAnswer, Spoiled } from "./spoiled.js";

/** dm-verity over the APK cannot be set up, or refuses the first block that is read. */
const REFUSED = { run: "MICRODROID_PAYLOAD_VERIFICATION_FAILED" } as const satisfies DeviceAnswer;

/** @param at position in the tree; the default is in its leaves */
export function flipTreeByte(idsig: Uint8Array, at?: number): Spoiled {
  const good = parseIdsig(idsig);
  const tree = Buffer.from(good.tree);
  const position = at ?? Math.max(0, tree.length - BLOCK_BYTES);
  tree[position] = tree[position]! ^ 0x01;
  return spoiled({ ...good, tree }, `byte ${position} of the Merkle tree is flipped`, "TREE_MISMATCH");
}

/** The header keeps the size that the tree had. */
export function truncateTree(idsig: Uint8Array, keepBytes = 0): Spoiled {
  const good = parseIdsig(idsig);
  const tree = good.tree.subarray(0, keepBytes);
  return spoiled({ ...good, tree }, `the Merkle tree is cut to ${tree.length} bytes`, "TRUNCATED");
}

/** A root that is as well-formed as the right one. Only AVF's unsigned idsigs can be changed like this unseen. */
export function swapRoot(idsig: Uint8Array): Spoiled {
  const good = parseIdsig(idsig);
  const rootHash = createHash("sha256").update(good.hashingInfo.rootHash).digest();
  const refusal = good.signingInfo.signature.length > 0 ? "SIGNATURE_INVALID" : "ROOT_HASH_MISMATCH";
  const bytes = { ...good, hashingInfo: { ...good.hashingInfo, rootHash } };
  return spoiled(bytes, "the root hash is another one", refusal);
}

/**
 * The APK digest of another APK, or of an earlier version. AVF compares it only to decide whether an idsig is still
 * good, and makes it again when it is not; its guest looks at the root hash alone, and runs. The emulated device's guest
 * compares the digest too.
 */
export function staleDigest(idsig: Uint8Array): Spoiled {
  const good = parseIdsig(idsig);
  const apkDigest = Buffer.from(good.signingInfo.apkDigest).reverse();
  const bytes = { ...good, signingInfo: { ...good.signingInfo, apkDigest } };
  return {
    ...spoiled(bytes, "the APK digest is stale", "APK_DIGEST_MISMATCH"),
    device: { run: "runs", runEmulated: REFUSED.run },
  };
}

/** A version that nobody knows. */
export function spoilVersion(idsig: Uint8Array): Spoiled {
  return spoiled({ ...parseIdsig(idsig), version: 3 }, "the version is 3", "UNSUPPORTED_IDSIG");
}

function spoiled(idsig: Idsig, what: string, refusal: NonNullable<Spoiled["refusal"]>): Spoiled {
  return { bytes: serializeIdsig(idsig), what, refusal, device: REFUSED };
}
