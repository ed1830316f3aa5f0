/** The name of an image: a hash of everything of ours that shapes it, so that a change makes a new one by itself. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { avfdInputs } from "../../avfd/image.js";
import { packageRoot } from "../../base/paths.js";
import { guestInputs } from "../../guest/image.js";
import { binaryDigest } from "./binary-digest.js";
import { rootTreeInputs } from "./root-tree.js";

/**
 * Reads some hundred kilobytes of sources, but no package: it is computed at every start. The host's Node counts by size
 * and time of change, a crosvm by its content, for whoever builds one makes many of a size.
 */
export function imageKey(crosvmPath: string | undefined): string {
  const hash = createHash("sha256");
  const shared = ["cpio.js", "paths.js"].map((name) => join(__dirname, "../../base", name));
  for (const file of [...builderFiles(), ...shared, ...rootTreeInputs(), ...guestInputs(), ...avfdInputs()]) {
    hash.update(file.slice(packageRoot.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  const { size, mtimeMs } = statSync(realpathSync(process.execPath));
  hash.update(`node ${size} ${mtimeMs}\0`);
  if (crosvmPath !== undefined) hash.update(`crosvm ${binaryDigest(crosvmPath)}\0`);
  return hash.digest("hex").slice(0, 16);
}

/** The compiled builder itself. */
function builderFiles(): readonly string[] {
  return readdirSync(__dirname)
    .filter((name) => name.endsWith(".js"))
    .sort()
    .map((name) => join(__dirname, name));
}
