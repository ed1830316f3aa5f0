/** Does an idsig belong to an APK? Tree, root and APK digest, in bounded memory. */
import { ApkError, isApkError } from "../apk-error.js";
import { readRange, type ByteSource } from "../byte-source.js";
import { apkDigest } from "../signing/verify/verify.js";
import { buildTree } from "./build-tree.js";
import { bestDigest, verifyIdsigSignature } from "./idsig-signature.js";
import { checkTreeEnd, parseIdsigHeader, type IdsigHeader, type ParsedHeader } from "./idsig.js";
import { treeLayout } from "./tree-layout.js";

export interface VerifyIdsigOptions {
  /** Chooses the v3 signer whose digest is compared when the idsig records one. Default 35. */
  readonly sdk?: number;
  /**
   * What becomes of a signature whose algorithm AVF does not support (DSA): "refuse", the default, throws; "report" continues
   * with what can be judged and names the rest in {@link VerifiedIdsig.unjudged}.
   */
  readonly unsupported?: "refuse" | "report";
  readonly signal?: AbortSignal | undefined;
}

const MAX_HEADER_BYTES = 1024 * 1024;

export interface VerifiedIdsig {
  readonly header: IdsigHeader;
  /** `absent`: AVF's own are not signed. */
  readonly signature: "valid" | "absent" | "unjudged";
  /** Why something is not judged; empty unless asked for. */
  readonly unjudged: readonly ApkError[];
}

/** Refuses with what does not fit: sizes, APK digest, signature if there is one, tree, root. */
export async function verifyIdsig(
  apk: ByteSource,
  idsig: ByteSource,
  { sdk = 35, unsupported = "refuse", signal }: VerifyIdsigOptions = {},
): Promise<VerifiedIdsig> {
  const { treeOffset, ...header } = await readIdsigHeader(idsig);
  checkTreeSize(header.treeSize, apk.size, treeOffset);
  const unjudged: ApkError[] = [];
  const judge = async <Result>(check: Promise<Result>): Promise<Result | "unjudged"> => {
    try {
      return await check;
    } catch (error) {
      if (unsupported === "refuse" || !isApkError(error) || error.code !== "NO_SUPPORTED_ALGORITHM") throw error;
      unjudged.push(error);
      return "unjudged";
    }
  };
  await judge(checkApkDigest(apk, header, sdk));
  const signature = await judge(verifyIdsigSignature(apk, header, sdk));
  const { salt, rootHash } = header.hashingInfo;
  const compare = async (at: number, bytes: Uint8Array) => {
    const offset = treeOffset + at;
    const recorded = await readRange(idsig, offset, bytes.length, "idsig, tree");
    if (!recorded.equals(bytes)) throw treeMismatch(recorded, bytes, offset);
  };
  const computed = await buildTree(apk, { write: compare }, { salt, signal });
  if (computed.equals(rootHash)) return { header, signature, unjudged };
  throw new ApkError(
    "ROOT_HASH_MISMATCH",
    `root hash is ${rootHash.toString("hex")}, the APK's is ${computed.toString("hex")}`,
    { offset: 8 + 4 + 1 + 4 + salt.length + 4, field: "idsig, hashing info, root hash" },
  );
}

/** The header of an idsig of any size; the tree must end where the file does. */
export async function readIdsigHeader(idsig: ByteSource): Promise<ParsedHeader> {
  const header = parseIdsigHeader(await readRange(idsig, 0, Math.min(idsig.size, MAX_HEADER_BYTES), "idsig"));
  checkTreeEnd(header.treeSize, idsig.size - header.treeOffset, header.treeOffset);
  return header;
}

function checkTreeSize(treeSize: number, apkSize: number, treeOffset: number): void {
  const wanted = treeLayout(apkSize).treeSize;
  if (treeSize === wanted) return;
  throw new ApkError(
    "TREE_SIZE_MISMATCH",
    `the Merkle tree has ${treeSize} bytes; an APK of ${apkSize} bytes has ${wanted}`,
    { offset: treeOffset - 4, field: "idsig, tree size" },
  );
}

/** An idsig of release 13 records none. */
async function checkApkDigest(apk: ByteSource, { signingInfo }: IdsigHeader, sdk: number): Promise<void> {
  if (signingInfo.apkDigest.length === 0) return;
  // AVF's rule, which verifies nothing, for AVF's idsig; apksigner's also covers APKs without v3.
  const actual = signingInfo.signature.length === 0 ? (await apkDigest(apk, sdk)).digest : await bestDigest(apk, sdk);
  if (actual.equals(signingInfo.apkDigest)) return;
  throw new ApkError(
    "APK_DIGEST_MISMATCH",
    `APK digest is ${signingInfo.apkDigest.toString("hex")}, the APK's is ${actual.toString("hex")}`,
    { field: "idsig, signing info, APK digest", hint: "the idsig was made for another version of this APK" },
  );
}

function treeMismatch(recorded: Buffer, computed: Uint8Array, offset: number): ApkError {
  const at = recorded.findIndex((byte, index) => byte !== computed[index]);
  return new ApkError("TREE_MISMATCH", "the Merkle tree is not that of the APK", {
    offset: offset + at,
    field: "idsig, tree",
  });
}
