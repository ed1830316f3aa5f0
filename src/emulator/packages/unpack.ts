/** The downloaded packages as one folder tree, kept in the cache: every image is made from it, without network. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { publishFolder, writeFileAtomic } from "../../base/atomic-file.js";
import { InfrastructureError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { CommandFailedError, run } from "../../process/run.js";
import { downloadPackages, forgetPackages, WANTED_PACKAGES } from "./apt.js";

export interface UnpackedPackages {
  /** Folder that holds `usr`, `lib`, `boot`… as the packages have them. */
  readonly root: string;
  /** Release of the kernel in it, e.g. `6.1.0-50-cloud-amd64`. */
  readonly kernelVersion: string;
}

/** What a finished tree was made of; written last, so a tree without it is not finished. */
interface PackagesManifest {
  /** What was asked for; another list asks for another tree. */
  readonly wanted: string;
  readonly kernelVersion: string;
  readonly packages: readonly { readonly file: string; readonly sha256: string }[];
}

const MANIFEST = "packages.json";

/** Downloads and unpacks what is missing. With a finished tree there, nothing is read but its manifest. */
export async function ensurePackages(
  cache: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<UnpackedPackages> {
  const folder = join(cache, "packages");
  const done = await readFinished(folder);
  if (done) return done;
  const { debs } = await downloadPackages(join(folder, "apt"), progress, signal);
  progress.step("Unpacking packages");
  const draft = join(folder, `root.${process.pid}.tmp`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const packages: { file: string; sha256: string }[] = [];
  for (const [index, deb] of debs.entries()) {
    progress.detail(`${index + 1} of ${debs.length}`);
    await unpack(deb, draft, signal);
    packages.push({ file: basename(deb), sha256: await sha256(deb) });
  }
  const kernelVersion = await findKernelVersion(draft);
  const root = join(folder, "root");
  await rm(root, { recursive: true, force: true });
  await publishFolder(draft, root);
  const manifest: PackagesManifest = { wanted: WANTED_PACKAGES, kernelVersion, packages };
  await writeFileAtomic(join(folder, MANIFEST), JSON.stringify(manifest, undefined, 2));
  // Lists and .deb files have served; the tree is what images are made from.
  await forgetPackages(join(folder, "apt"));
  return { root, kernelVersion };
}

/** Lets the next set-up download and unpack anew. */
export async function forgetUnpacked(cache: string): Promise<void> {
  await rm(join(cache, "packages", MANIFEST), { force: true });
}

/** The packages that a finished tree was made of; undefined when there is none. */
export async function readPackagesManifest(cache: string): Promise<PackagesManifest | undefined> {
  try {
    return JSON.parse(await readFile(join(cache, "packages", MANIFEST), "utf8")) as PackagesManifest;
  } catch {
    return undefined;
  }
}

async function readFinished(folder: string): Promise<UnpackedPackages | undefined> {
  const root = join(folder, "root");
  const manifest = await readPackagesManifest(join(folder, ".."));
  if (manifest?.wanted !== WANTED_PACKAGES || !existsSync(join(root, "lib/modules", manifest.kernelVersion)))
    return undefined;
  return { root, kernelVersion: manifest.kernelVersion };
}

async function unpack(deb: string, into: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await run(["dpkg-deb", "-x", deb, into], { timeoutMs: 120_000, signal });
  } catch (error) {
    if (/No space left/.test(String(error))) {
      throw new InfrastructureError("NO_SPACE", "No disk space left to unpack the device image's packages.", {
        cause: error,
      });
    }
    if (error instanceof CommandFailedError && (error.result.canceled || error.result.timedOut)) throw error;
    // apt checked it when it came; what is broken now is our copy. Without it the next try fetches it again.
    await rm(deb, { force: true });
    throw new InfrastructureError("CORRUPT_DOWNLOAD", `${basename(deb)} cannot be unpacked and was removed.`, {
      cause: error,
      hint: "run the same command again; it is downloaded anew",
    });
  }
}

async function findKernelVersion(root: string): Promise<string> {
  const [version] = (await readdir(join(root, "boot")))
    .filter((name) => name.startsWith("vmlinuz-"))
    .map((name) => name.slice("vmlinuz-".length));
  if (version === undefined) throw new InfrastructureError("NO_KERNEL_PACKAGE", "No kernel among the packages.");
  return version;
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
