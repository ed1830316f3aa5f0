/** Which signers of an APK count, for a scheme or for a device. */
import { ApkError } from "../../apk-error.js";
import { parseSigners, type Scheme, type Signer } from "../signer.js";
import { BlockId, type SigningBlock } from "../signing-block.js";

export const BLOCK_OF: Readonly<Record<Scheme, number>> = { v2: BlockId.V2, v3: BlockId.V3, "v3.1": BlockId.V31 };
/** apksigner and Android refuse more. */
const MAX_V2_SIGNERS = 10;
const V3_SINCE_SDK = 28;
export const V31_SINCE_SDK = 33;

export function signersOf(block: SigningBlock, scheme: Scheme): readonly Signer[] {
  const value = block.pairs.get(BLOCK_OF[scheme]);
  if (!value) {
    throw new ApkError("NO_SIGNATURE_FOR_SCHEME", `the APK has no ${scheme} signature`, {
      offset: block.blockOffset,
      field: "signing block",
    });
  }
  const signers = parseSigners(value, scheme);
  if (signers.length > 0) return signers;
  throw new ApkError("NO_SIGNERS", `the ${scheme} block has no signers`, {
    offset: value.offset,
    field: `${scheme} block`,
  });
}

/** Release 13 takes the end of a range as exclusive. */
export function signerForSdk(signers: readonly Signer[], sdk: number, dialect: 13 | 15 = 15): Signer {
  const matching = signers.filter((one) => isFor(one, sdk) && (dialect === 15 || sdk !== one.sdk?.maxSdk));
  const [signer] = matching;
  if (signer && matching.length === 1) return signer;
  const ranges = signers.map((one) => `${one.sdk?.minSdk} to ${one.sdk?.maxSdk}`).join(", ");
  throw new ApkError(
    "WRONG_SIGNER_COUNT",
    `APK Signature Scheme V3 only supports one signer: ${matching.length} signers found. SDK ${sdk}, ranges: ${ranges}`,
    { offset: signers[0]?.offset, field: "v3 block, signers" },
  );
}

/** Of the newest scheme that has a signer for `sdk`, as Android's package manager chooses. */
export function newestSigners(
  block: SigningBlock,
  sdk: number,
): { readonly scheme: Scheme; readonly signers: readonly Signer[] } {
  if (sdk >= V31_SINCE_SDK && block.pairs.has(BlockId.V31)) {
    const rotated = signersOf(block, "v3.1").filter((one) => isFor(one, sdk));
    if (rotated.length > 0) return { scheme: "v3.1", signers: [signerForSdk(rotated, sdk)] };
  }
  if (sdk >= V3_SINCE_SDK && block.pairs.has(BlockId.V3)) {
    return { scheme: "v3", signers: [signerForSdk(signersOf(block, "v3"), sdk)] };
  }
  return { scheme: "v2", signers: v2Signers(block) };
}

export function v2Signers(block: SigningBlock): readonly Signer[] {
  const signers = signersOf(block, "v2");
  if (signers.length <= MAX_V2_SIGNERS) return signers;
  throw new ApkError(
    "WRONG_SIGNER_COUNT",
    `APK Signature Scheme V2 supports ${MAX_V2_SIGNERS} signers at most: ${signers.length} signers found.`,
    { offset: signers[0]?.offset, field: "v2 block, signers" },
  );
}

function isFor({ sdk: range }: Signer, sdk: number): boolean {
  return range !== undefined && range.minSdk <= sdk && sdk <= range.maxSdk;
}
