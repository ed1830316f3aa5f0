/** Downloaded packages as a folder tree, kept in the cache: making an image of it needs no network. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { publishFolder, writeFileAtomic } from "../../base/files/atomic-file.js";
import { InfrastructureError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { buildTools, writeBuildTools, type BuildTools } from "../../process/programs/build-tools.js";
import { draftOf } from "../../process/drafts.js";
import { CommandFailedError, run } from "../../process/run.js";
import { noSpace } from "../needs/space.js";
import { downloadPackages, forgetPackages } from "./apt.js";
import { ENGLISH } from "./apt-config.js";
import { describeSet, type PackageSet } from "./sets.js";
import { forgetTree, recordTree } from "./tree-digest.js";

export interface PackageFile {
  /** With its version: `adb_1%3a34.0.5-12_amd64.deb`. */
  readonly file: string;
  readonly sha256: string;
}

/** What a finished tree was made of; written last, so a tree without it is not finished. */
interface PackagesManifest {
  /** What was asked for; another list asks for another tree. */
  readonly wanted: string;
  readonly packages: readonly PackageFile[];
}

const MANIFEST = "packages.json";
const TOOLS = "tools";
/** Where packages put files that a merged /usr has elsewhere. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

/** Holds `usr`, `lib`, `boot`… as the packages have them. */
export function treeOf(cache: string, set: PackageSet): string {
  return join(cache, set.folder, "root");
}

/** Programs of the tree that make images. */
export function toolsOf(cache: string, set: PackageSet): BuildTools {
  return buildTools(join(cache, set.folder, TOOLS));
}

/** Downloads and unpacks what is missing. With a finished tree there, only its manifest is read. */
export async function ensureUnpacked(
  cache: string,
  set: PackageSet,
  progress: Progress,
  signal?: AbortSignal,
): Promise<PackagesManifest> {
  const root = treeOf(cache, set);
  const finished = await readPackagesManifest(cache, set);
  if (finished !== undefined && existsSync(root)) return finished;
  const folder = join(cache, set.folder);
  const { debs } = await downloadPackages(set, join(folder, "apt"), progress, signal);
  const draft = draftOf(join(folder, "root"));
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  for (const name of MERGED) {
    await mkdir(join(draft, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(draft, name));
  }
  const packages: PackageFile[] = [];
  try {
    for (const [index, deb] of debs.entries()) {
      progress.detail(`unpacking ${index + 1} of ${debs.length}`);
      await unpack(deb, draft, signal);
      packages.push({ file: basename(deb), sha256: await sha256(deb) });
    }
  } catch (error) {
    // Half a tree serves nobody, and may be what fills the disk.
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  await writeBuildTools(join(folder, TOOLS), `../${basename(root)}`);
  await rm(root, { recursive: true, force: true });
  await publishFolder(draft, root);
  await recordTree(folder);
  const manifest: PackagesManifest = { wanted: describeSet(set), packages };
  await writeFileAtomic(join(folder, MANIFEST), JSON.stringify(manifest, undefined, 2));
  // Lists and .deb files have served; the tree is what is used.
  await forgetPackages(join(folder, "apt"));
  return manifest;
}

/** Whether the tree is there, and not only the names of what was in it. */
export async function isUnpacked(cache: string, set: PackageSet): Promise<boolean> {
  return (await readPackagesManifest(cache, set)) !== undefined && existsSync(treeOf(cache, set));
}

/** Makes the next set-up download and unpack again. */
export async function forgetUnpacked(cache: string, set: PackageSet): Promise<void> {
  await rm(join(cache, set.folder, MANIFEST), { force: true });
  await forgetTree(join(cache, set.folder));
}

/** The packages that a tree of the set as it is now was made of, which may be gone since; undefined when there was none. */
export async function readPackagesManifest(cache: string, set: PackageSet): Promise<PackagesManifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(cache, set.folder, MANIFEST), "utf8")) as PackagesManifest;
    return manifest.wanted === describeSet(set) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

async function unpack(deb: string, into: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await run(["dpkg-deb", "-x", deb, into], { timeoutMs: 120_000, signal, env: ENGLISH });
  } catch (error) {
    if (/No space left/.test(String(error))) {
      throw noSpace(`No disk space left to unpack the device's packages in ${into}.`, error);
    }
    if (error instanceof CommandFailedError && (error.result.canceled || error.result.timedOut)) throw error;
    // apt checked it when it came; what is broken now is our copy. Without it the next try fetches it again.
    await rm(deb, { force: true });
    throw new InfrastructureError("CORRUPT_DOWNLOAD", `${basename(deb)} cannot be unpacked and was removed.`, {
      cause: error,
      hint: "run the same command again; it is downloaded again",
    });
  }
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
