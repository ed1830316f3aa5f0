/** The one error of this folder. It imports nothing of ours, so it carries the harness's error brand by shape. */

const brand = Symbol.for("jest-avf.error");

/** Names of refusals. Suites, the device's service and the command line tell them apart by these. */
export type ApkRefusal =
  // Bytes and containers
  | "TRUNCATED"
  | "LIMIT_EXCEEDED"
  | "BAD_LENGTH"
  | "BAD_VALUE"
  | "TRAILING_DATA"
  // ZIP
  | "NOT_A_ZIP"
  | "TRUNCATED_CENTRAL_DIRECTORY"
  | "BAD_ENTRY"
  | "UNSAFE_ENTRY_NAME"
  | "DUPLICATE_ENTRY"
  | "OVERLAPPING_ENTRIES"
  | "UNSUPPORTED_COMPRESSION"
  | "ENCRYPTED_ENTRY"
  | "CRC_MISMATCH"
  | "ENTRY_NOT_FOUND"
  // Manifest and payload config
  | "BAD_MANIFEST"
  | "BAD_PAYLOAD_CONFIG"
  | "UNKNOWN_ATTRIBUTE"
  // Signatures
  | "NO_SIGNING_BLOCK"
  | "SIGNING_BLOCK_SIZES_DIFFER"
  | "APK_TOO_SMALL"
  | "NO_SIGNATURE_FOR_SCHEME"
  | "NO_SIGNERS"
  | "WRONG_SIGNER_COUNT"
  | "NO_SUPPORTED_ALGORITHM"
  | "NO_CERTIFICATE"
  | "BAD_CERTIFICATE"
  | "BAD_PUBLIC_KEY"
  | "SIGNATURE_INVALID"
  | "DIGEST_MISMATCH"
  | "PUBLIC_KEY_MISMATCH"
  | "ALGORITHMS_DIFFER"
  | "SDK_RANGE_DIFFERS"
  | "SIGNATURE_STRIPPED"
  | "LINEAGE_INVALID"
  | "BAD_KEY"
  // idsig
  | "UNSUPPORTED_IDSIG"
  | "TREE_SIZE_MISMATCH"
  | "TREE_MISMATCH"
  | "ROOT_HASH_MISMATCH"
  | "APK_DIGEST_MISMATCH"
  | "SIGNER_MISMATCH"
  // Building
  | "BAD_SOURCE_FOLDER";

export interface ApkErrorPlace {
  /** Byte offset, in the file that was read, of what is wrong. */
  readonly offset?: number | undefined;
  /** The field that is wrong, from the outside in: `v3 signer 0, signed data, digests`. */
  readonly field?: string | undefined;
  readonly cause?: unknown;
  readonly hint?: string | undefined;
}

/** An APK, an idsig or what one is built from was refused: why (`code`), where (`offset`, `field`). */
export class ApkError extends Error {
  readonly [brand]: readonly string[] = ["ApkError", "HarnessError", "Error"];
  readonly kind = "usage";
  readonly shortMessage: string;
  readonly offset: number | undefined;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  readonly lastLines: readonly string[] = [];

  constructor(
    readonly code: ApkRefusal,
    reason: string,
    place: ApkErrorPlace = {},
  ) {
    const where = describePlace(place);
    const hint = place.hint ? `\nHint: ${place.hint}` : "";
    super(`${reason}${where}${hint}`, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = "ApkError";
    this.shortMessage = `${reason}${where}`;
    this.offset = place.offset;
    this.field = place.field;
    this.hint = place.hint;
  }
}

export function isApkError(value: unknown): value is ApkError {
  return (
    typeof value === "object" &&
    value !== null &&
    brand in value &&
    Array.isArray(value[brand]) &&
    value[brand].includes("ApkError")
  );
}

function describePlace({ offset, field }: ApkErrorPlace): string {
  if (offset === undefined && field === undefined) return "";
  const parts = [field, offset === undefined ? undefined : `offset ${offset}`].filter((part) => part !== undefined);
  return ` (${parts.join(", ")})`;
}
