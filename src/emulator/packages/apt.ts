/**
 * Debian packages for the images, downloaded without root and without touching the machine's package database: apt-get
 * with lists, cache and status of its own. Where packages come from is read from the machine's own configuration.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import { CommandFailedError, run } from "../../process/run.js";
import { machineSources } from "./apt-sources.js";

/** What goes into the images, with all it depends on. adbd of the release's backports where main has none. */
const WANTED = ["qemu-system-x86", "busybox-static", "adbd", "e2fsprogs"];
const KERNEL = "linux-image-cloud-amd64";
const FROM_BACKPORTS = "adbd android-lib*";

/** All of the above in one line: what a tree of packages was made for. */
export const WANTED_PACKAGES = [...WANTED, KERNEL, `(${FROM_BACKPORTS})`].join(" ");

export interface DownloadedPackages {
  /** The .deb files. */
  readonly debs: readonly string[];
}

/** Downloads the packages into `folder`; what a broken-off run left there is used or replaced by apt itself. */
export async function downloadPackages(
  folder: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<DownloadedPackages> {
  progress.step("Reading package lists");
  const apt = await prepareApt(folder);
  // An apt-get that outlived a killed run would write into the same lists as the next run's.
  const options = { timeoutMs: 900_000, signal, cwd: apt.archives, diesWithUs: true };
  try {
    await run([...apt.get, "update", "-q"], options);
    const kernel = await kernelPackage(apt, options);
    progress.step("Downloading packages for the device image");
    const counter = new DownloadCounter(progress);
    const onOutput = (text: string): void => counter.push(text);
    await run([...apt.get, "-y", "-q", "--download-only", "install", ...WANTED], { ...options, onOutput });
    await run([...apt.get, "-q", "download", kernel], { ...options, onOutput });
  } catch (error) {
    throw explain(error);
  }
  const debs = (await readdir(apt.archives)).filter((name) => name.endsWith(".deb")).sort();
  return { debs: debs.map((name) => join(apt.archives, name)) };
}

interface Apt {
  readonly get: readonly string[];
  readonly cache: readonly string[];
  readonly archives: string;
}

async function prepareApt(folder: string): Promise<Apt> {
  const archives = join(folder, "cache/archives");
  await mkdir(join(archives, "partial"), { recursive: true });
  await mkdir(join(folder, "lists/partial"), { recursive: true });
  await mkdir(join(folder, "sources"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources/machine.sources"), await machineSources());
  const pin = (release: string): string => `Package: ${FROM_BACKPORTS}\nPin: release ${release}\nPin-Priority: 900\n`;
  await writeFile(join(folder, "preferences"), `${pin("a=*-backports")}\n${pin("n=*-backports")}`);
  const settings = {
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": join(folder, "sources"),
    "Dir::Etc::preferences": join(folder, "preferences"),
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Install-Recommends": "false",
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
async function kernelPackage(apt: Apt, options: { readonly timeoutMs: number }): Promise<string> {
  const { stdout } = await run([...apt.cache, "depends", KERNEL], options);
  const name = /Depends: (linux-image-[\w.+-]+)/.exec(stdout)?.[1];
  if (name === undefined) throw new InfrastructureError("NO_KERNEL_PACKAGE", `apt knows no package behind ${KERNEL}.`);
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

function explain(error: unknown): unknown {
  if (!(error instanceof CommandFailedError) || error.result.canceled) return error;
  const text = `${error.result.stdout}\n${error.result.stderr}`;
  const words = text.split("\n").filter((line) => /^[EW]:/.test(line));
  if (/No space left|write error|not enough free space/i.test(text)) {
    return new InfrastructureError("NO_SPACE", "No disk space left for the device image's packages.", {
      cause: error,
      lastLines: words,
    });
  }
  if (/Hash Sum mismatch|BADSIG|is not signed|size mismatch/i.test(text)) {
    return new InfrastructureError("CORRUPT_DOWNLOAD", "A package or package list came down damaged.", {
      cause: error,
      hint: "run the same command again; apt keeps what is good and fetches the rest anew",
      lastLines: words,
    });
  }
  return new InfrastructureError("NO_PACKAGE_SOURCE", "Could not get the packages for the device image.", {
    cause: error,
    hint: "check that `apt-get update` works on this machine (network, proxy), then run the same command again",
    lastLines: words.slice(-8),
  });
}

/** Removes everything that `downloadPackages` keeps, for a start from nothing. */
export async function forgetPackages(folder: string): Promise<void> {
  if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
}
