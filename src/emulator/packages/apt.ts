/**
 * Debian packages for images and emulator, downloaded without root and without touching the machine's package database: apt-get
 * with lists, cache and status of its own. Where packages come from is read from the machine's own configuration.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { CommandFailedError, run } from "../../process/run.js";
import { noSpace } from "../needs/space.js";
import { machineSources } from "./apt-sources.js";
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
  const options = { timeoutMs: 900_000, signal, cwd: apt.archives, diesWithUs: true };
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
  } catch (error) {
    throw explain(error, set, folder, missed);
  }
  const debs = (await readdir(apt.archives)).filter((name) => name.endsWith(".deb")).sort();
  return { debs: debs.map((name) => join(apt.archives, name)) };
}

interface Apt {
  readonly get: readonly string[];
  readonly cache: readonly string[];
  readonly archives: string;
}

async function prepareApt(set: PackageSet, folder: string): Promise<Apt> {
  const archives = join(folder, "cache/archives");
  await mkdir(join(archives, "partial"), { recursive: true });
  await mkdir(join(folder, "lists/partial"), { recursive: true });
  await mkdir(join(folder, "sources"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources/machine.sources"), await machineSources(set.release));
  const settings = {
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": join(folder, "sources"),
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Install-Recommends": "false",
    // The host may be set to another one, and may read lists that only its desktop wants.
    "APT::Architecture": "amd64",
    "APT::Architectures": "amd64",
    "APT::Default-Release": "",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
    // As root apt would drop to a user that may not write into a user's cache folder.
    "APT::Sandbox::User": "",
    "APT::Get::List-Cleanup": "true",
    "Acquire::Retries": "3",
    "Debug::NoLocking": "true",
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  return { get: ["apt-get", ...flags], cache: ["apt-cache", ...flags], archives };
}

/** The versioned package behind the kernel's meta package; its dependencies (initramfs tools…) are not wanted. */
async function kernelPackage(apt: Apt, meta: string, options: { readonly timeoutMs: number }): Promise<string> {
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
