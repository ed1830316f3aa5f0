/** Debian packages for images and emulator, downloaded without root and without touching the machine's package database. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { CommandFailedError, run, type RunOptions } from "../../process/run.js";
import { noSpace } from "../needs/space.js";
import { ENGLISH, prepareApt, type Apt } from "./apt-config.js";
import type { PackageSet } from "./sets.js";

interface DownloadedPackages {
  /** The .deb files. */
  readonly debs: readonly string[];
}

/** Downloads the packages into `folder`; what a broken-off run left there is used or replaced by apt itself. */
export async function downloadPackages(
  set: PackageSet,
  folder: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<DownloadedPackages> {
  progress.detail("reading package lists");
  const apt = await prepareApt(set, folder);
  // An apt-get that outlived a killed run would write into the same lists as the next run's.
  const options = { timeoutMs: 900_000, signal, cwd: apt.archives, env: ENGLISH, diesWithUs: true };
  // Lists that did not come are no error of an update: old ones may do. What is then missing is one of the steps after it.
  let missed: readonly string[] = [];
  try {
    const { stdout, stderr } = await run([...apt.get, "update", "-q"], options);
    missed = wordsOf(`${stdout}\n${stderr}`).filter((line) => /Failed to fetch/.test(line));
    const counter = new DownloadCounter(progress);
    const onOutput = (text: string): void => counter.push(text);
    await run([...apt.get, "-y", "-q", "--download-only", "install", ...set.wanted], { ...options, onOutput });
    const kernel = await kernelPackage(apt, set.kernel, options);
    await run([...apt.get, "-q", "download", kernel], { ...options, onOutput });
    const debs = await filesOf(apt, set, kernel, options);
    return { debs: debs.map((name) => join(apt.archives, name)) };
  } catch (error) {
    throw explain(error, set, folder, missed);
  }
}

/**
 * Names of the files that make up the set now. Others may lie beside them: those that a broken-off run left there, of before a
 * point release, or for another version of jest-avf.
 */
async function filesOf(apt: Apt, set: PackageSet, kernel: string, limits: RunOptions): Promise<readonly string[]> {
  // Where nothing has come yet, it names all that it would fetch: 'URI' FILE SIZE HASH. A download comes to the current folder.
  const options = { ...limits, cwd: apt.empty };
  const list = [...apt.get, "-o", `Dir::Cache::archives=${apt.empty}`, "-qq", "-y", "--print-uris"];
  const { stdout: wanted } = await run([...list, "install", ...set.wanted], options);
  const { stdout: theKernel } = await run([...list, "download", kernel], options);
  const names = [...`${wanted}\n${theKernel}`.matchAll(/^'[^']*' (\S+\.deb) /gm)].map(([, name = ""]) => name);
  const there = new Set(await readdir(apt.archives));
  const missing = names.find((name) => !there.has(name));
  if (names.length === 0 || missing !== undefined) {
    const what = `apt has not put ${missing ?? "any package"} into ${apt.archives}.`;
    throw new InfrastructureError("NO_PACKAGE_SOURCE", what, {
      hint: "a list of mirrors that has folders of this machine has to name them with copy: instead of file:",
    });
  }
  return [...new Set(names)].sort();
}

/** The versioned package behind the kernel's meta package; its dependencies (initramfs tools…) are not wanted. */
async function kernelPackage(apt: Apt, meta: string, options: RunOptions): Promise<string> {
  const { stdout } = await run([...apt.cache, "depends", meta], options);
  const name = /Depends: (linux-image-[\w.+-]+)/.exec(stdout)?.[1];
  if (name === undefined) throw new InfrastructureError("NO_KERNEL_PACKAGE", `apt knows no package behind ${meta}.`);
  return name;
}

class DownloadCounter {
  #count = 0;
  #bytes = 0;

  constructor(private readonly progress: Progress) {}

  push(text: string): void {
    for (const line of text.split("\n")) {
      const size = /^Get:\d+ .*\[([\d.,]+) (k|M)?B\]$/.exec(line);
      if (size === null) continue;
      this.#count += 1;
      this.#bytes += Number(size[1]?.replace(",", "")) * (size[2] === "M" ? 1e6 : size[2] === "k" ? 1e3 : 1);
      this.progress.detail(`${this.#count} packages, ${(this.#bytes / 1e6).toFixed(1)} MB`);
    }
  }
}

/** apt's errors and warnings. */
function wordsOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => /^[EW]:/.test(line));
}

/** @param missed what the update before it said of lists that did not come */
function explain(error: unknown, { title }: PackageSet, folder: string, missed: readonly string[]): unknown {
  if (!(error instanceof CommandFailedError) || error.result.canceled) return error;
  const text = `${error.result.stdout}\n${error.result.stderr}`;
  const words = wordsOf(text);
  if (/No space left|write error|not enough free space/i.test(text)) {
    return noSpace(`No disk space left for the packages of the ${title} in ${folder}.`, error, words);
  }
  if (/NO_PUBKEY/.test(text)) {
    return new InfrastructureError("NO_PACKAGE_KEY", `This machine lacks the key of the packages for the ${title}.`, {
      cause: error,
      hint: "get the present keys, then try again:\n  sudo apt-get install --only-upgrade debian-archive-keyring",
      lastLines: words,
    });
  }
  if (/Hash Sum mismatch|BADSIG|is not signed|size mismatch/i.test(text)) {
    return new InfrastructureError("CORRUPT_DOWNLOAD", "A package or a package list was damaged during its download.", {
      cause: error,
      hint: "run the same command again; apt keeps what is good and fetches the rest again",
      lastLines: words,
    });
  }
  return new InfrastructureError("NO_PACKAGE_SOURCE", `Could not get the packages for the ${title}.`, {
    cause: error,
    hint: "check that `apt-get update` works on this machine (network, proxy), then run the same command again",
    // The first cause comes first.
    lastLines: [...missed.slice(0, 4), ...words.slice(missed.length > 0 ? -3 : -8)],
  });
}

/** Removes everything that `downloadPackages` keeps, for a start from nothing. */
export async function forgetPackages(folder: string): Promise<void> {
  if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
}
