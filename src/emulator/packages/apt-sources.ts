/** The machine's own package sources, turned into the one that the device is made from. */
import { readFile } from "node:fs/promises";
import { InfrastructureError } from "../../base/errors.js";
import { run } from "../../process/run.js";
import { optionsOf } from "./source-options.js";

/** Fields of `apt-get indextargets`. The entry tells where a source stands: `FILE:NUMBER` of its line or stanza. */
const FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CODENAME)|$(SOURCESENTRY)|$(ORIGIN)";

/** What is read of the machine, for tests to supply. */
export interface Machine {
  /** Output of `apt-get indextargets --format FORMAT "Created-By: Packages"`. */
  readonly indexTargets: string;
  /** Debian's name of the machine's release, e.g. `bookworm`. */
  readonly codename: string;
  readonly readText: (path: string) => Promise<string>;
}

/** A `.sources` file: the archive that the machine has its own packages from, asked for another release's main suite. */
export async function machineSources(release: string): Promise<string> {
  // Containers are often without lists: only the names of suites tell then what a source has.
  const indexTargets = (await listTargets()) || (await listTargets("--no-release-info"));
  const osRelease = await readFile("/etc/os-release", "utf8");
  const codename = /^VERSION_CODENAME="?([\w-]*)"?$/m.exec(osRelease)?.[1] ?? "";
  const readText = (path: string): Promise<string> => readFile(path, "utf8");
  return sourcesOf({ indexTargets, codename, readText }, release);
}

async function listTargets(...options: readonly string[]): Promise<string> {
  const command = ["apt-get", "indextargets", ...options, "--format", FORMAT, "Created-By: Packages"];
  return (await run(command)).stdout.trim();
}

interface Source {
  readonly uri: string;
  /** As the machine's source names it: `bookworm`, `stable`. */
  readonly suite: string;
  /** The same by Debian's name of the release, as the archive's lists have it. */
  readonly codename: string;
  readonly entry: string;
  /** Whose archive it is, by its own lists. */
  readonly origin: string;
}

/**
 * Exported for tests. A source of the wanted release itself comes first, then one of the machine's: updates and security
 * are left out, for their suites change from day to day, and differ between machines. Others than Debian publish packages
 * for a release under the same name, so that an archive which says that it is Debian's comes before all others.
 * @throws InfrastructureError when there is neither
 */
export async function sourcesOf({ indexTargets, codename, readText }: Machine, release: string): Promise<string> {
  const sources = parse(indexTargets);
  const debian = sources.filter(({ origin }) => origin === "Debian");
  const archive =
    firstOf(debian, [release, codename]) ?? debian.find(isWholeRelease) ?? firstOf(sources, [release, codename]);
  if (archive === undefined) {
    throw new InfrastructureError(
      "NO_PACKAGE_SOURCE",
      `apt has no source for Debian "${codename}" or "${release}", component main.`,
      {
        hint: "add Debian's archive to this machine's apt sources, then run `apt-get update`",
      },
    );
  }
  // Packages in a folder are used where they lie, unless they are asked to be copied.
  const fields = [`Types: deb`, `URIs: ${archive.uri.replace(/^file:/, "copy:")}`, `Suites: ${release}`];
  fields.push("Components: main", "Architectures: amd64", ...(await optionsOf(archive.entry, readText)));
  return `${fields.join("\n")}\n`;
}

/** Disks that are asked for by name hold one release. */
function parse(indexTargets: string): readonly Source[] {
  return indexTargets
    .split("\n")
    .map((line) => line.split("|"))
    .filter(([uri = "", , component]) => component === "main" && !uri.startsWith("cdrom:"))
    .map(([uri = "", suite = "", , codename = "", entry = "", origin = ""]) => ({
      ...{ uri, suite, codename, entry, origin },
    }));
}

/** @param names releases, the best first */
function firstOf(sources: readonly Source[], names: readonly string[]): Source | undefined {
  return names
    .filter((name) => name !== "")
    .map((name) => sources.find(({ suite, codename }) => suite === name || codename === name))
    .find((source) => source !== undefined);
}

/** One archive has all of them: unstable, whose machines name the release that is to come, is as good. */
function isWholeRelease({ codename }: Source): boolean {
  return /^[a-z]+$/.test(codename);
}
