/**
 * apt-get with lists, cache and status of its own. Where packages come from, and how the network is reached, is read from the
 * machine's configuration; all else of it that decides what comes, or where to, is put aside: what comes is the same everywhere.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { machineSources } from "./apt-sources.js";
import type { PackageSet } from "./sets.js";

export interface Apt {
  readonly get: readonly string[];
  readonly cache: readonly string[];
  /** Where packages come to. */
  readonly archives: string;
  /** The same for who asks what would come if there were nothing. */
  readonly empty: string;
}

/** Words of apt and dpkg are read, which speak the user's language otherwise. */
export const ENGLISH = { LC_ALL: "C" } as const;

/**
 * What the machine's configuration has run around an update and an installation is meant for the machine's own lists; it may
 * want root, and apt-get fails with it.
 */
const HOOKS = [
  "APT::Update::Pre-Invoke",
  "APT::Update::Post-Invoke",
  "APT::Update::Post-Invoke-Success",
  "AptCli::Hooks",
];

/** @param folder has what an earlier call left there, or is made */
export async function prepareApt(set: PackageSet, folder: string): Promise<Apt> {
  const archives = join(folder, "cache/archives");
  const empty = join(folder, "empty");
  for (const each of [archives, empty]) await mkdir(join(each, "partial"), { recursive: true });
  await mkdir(join(folder, "lists/partial"), { recursive: true });
  await mkdir(join(folder, "sources"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources/machine.sources"), await machineSources(set.release));
  // Lists can only be cleared, and only by a file.
  const cleared = join(folder, "cleared.conf");
  await writeFile(cleared, HOOKS.map((name) => `#clear ${name};\n`).join(""));
  const settings = {
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": join(folder, "sources"),
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "Dir::Cache::archives": archives,
    "APT::Install-Recommends": "false",
    "APT::Install-Suggests": "false",
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
  const flags = ["-c", cleared, ...Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`])];
  return { get: ["apt-get", ...flags], cache: ["apt-cache", ...flags], archives, empty };
}
