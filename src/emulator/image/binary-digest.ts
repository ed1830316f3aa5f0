/** SHA-256 of a binary, read once for each state it is seen in. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

const known = new Map<string, string>();

/** In hexadecimal. */
export function binaryDigest(path: string): string {
  const { size, mtimeMs, ino } = statSync(path);
  const state = `${path}\0${size} ${mtimeMs} ${ino}`;
  const digest = known.get(state) ?? createHash("sha256").update(readFileSync(path)).digest("hex");
  known.set(state, digest);
  return digest;
}
