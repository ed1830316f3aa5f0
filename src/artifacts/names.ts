/** File names made of test names: ASCII, short, unique. CI systems fail on anything else. */
import { createHash } from "node:crypto";

const MAX_LENGTH = 80;
const HASH_LENGTH = 8;

/** Lower-case letters, digits, `.`, `_` and `-`; a name that had to be changed gets a hash of the original behind it. */
export function asciiName(text: string): string {
  const plain = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  if (plain !== "" && plain === text && plain.length <= MAX_LENGTH) return plain;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH);
  const readable = plain.slice(0, MAX_LENGTH - HASH_LENGTH - 1).replace(/[-.]+$/, "");
  return readable === "" ? hash : `${readable}-${hash}`;
}
