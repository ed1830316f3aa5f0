/** The name of an image: a hash of all that shapes it, so that a change makes a new one by itself. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { avfdInputs } from "../../avfd/image.js";
import { packageRoot } from "../../base/paths.js";
import { guestInputs } from "../../guest/image.js";
import { emulatorInputs } from "../qemu/emulator.js";
import type { PackageFile } from "../packages/unpack.js";
import { binaryDigest } from "./binary-digest.js";
import { rootTreeInputs } from "./root-tree.js";

let known: string | undefined;

/** Of everything of ours that shapes images: some hundred kilobytes of sources. Read once per process. */
export function sourcesKey(): string {
  return (known ??= hashSources());
}

/**
 * Of sources, packages with their versions, and the content of a crosvm. No host has a part in it: one that makes the
 * image and one that gets it made have the same name for it.
 */
export function imageKey(
  packages: readonly PackageFile[],
  crosvmPath: string | undefined,
  sources: string = sourcesKey(),
): string {
  const hash = createHash("sha256").update(sources);
  for (const { file, sha256 } of packages) hash.update(`\0${file} ${sha256}`);
  if (crosvmPath !== undefined) hash.update(`\0crosvm ${binaryDigest(crosvmPath)}`);
  return hash.digest("hex").slice(0, 16);
}

function hashSources(): string {
  const hash = createHash("sha256");
  const shared = ["base/files/cpio", "process/programs/build-tools", "emulator/packages/sets"];
  const files = [
    ...[...builderFiles(), ...shared.map((name) => join(__dirname, "../..", `${name}${extname(__filename)}`))],
    ...[...rootTreeInputs(), ...emulatorInputs(), ...guestInputs(), ...avfdInputs()],
  ];
  for (const file of files) {
    hash.update(file.slice(packageRoot.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** The compiled builder itself. */
function builderFiles(): readonly string[] {
  return readdirSync(__dirname)
    .filter((name) => name.endsWith(".js"))
    .sort()
    .map((name) => join(__dirname, name));
}
