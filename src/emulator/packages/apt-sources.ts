/** The machine's own package sources, turned into the one that the device is made from. */
import { readFile } from "node:fs/promises";
import { InfrastructureError } from "../../base/errors.js";
import { run } from "../../process/run.js";

/** Fields of `apt-get indextargets`. The entry tells where a source stands: `FILE:NUMBER` of its line or stanza. */
const FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CODENAME)|$(SOURCESENTRY)";
const ENTRY = /^(\/.*):(\d+)$/;

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
  const { stdout } = await run(["apt-get", "indextargets", "--format", FORMAT, "Created-By: Packages"]);
  const osRelease = await readFile("/etc/os-release", "utf8");
  const codename = /^VERSION_CODENAME="?([\w-]*)"?$/m.exec(osRelease)?.[1] ?? "";
  const readText = (path: string): Promise<string> => readFile(path, "utf8");
  return sourcesOf({ indexTargets: stdout, codename, readText }, release);
}

interface Source {
  readonly uri: string;
  /** As the machine's source names it: `bookworm`, `stable`. */
  readonly suite: string;
  /** The same by Debian's name of the release, known once the machine has read the archive's lists. */
  readonly codename: string;
  readonly entry: string;
}

/**
 * Exported for tests. A source of the wanted release itself comes first, then one of the machine's: updates and security
 * are left out, for their suites change from day to day, and differ between machines.
 * @throws InfrastructureError when there is neither
 */
export async function sourcesOf({ indexTargets, codename, readText }: Machine, release: string): Promise<string> {
  const sources = indexTargets
    .split("\n")
    .map((line) => line.split("|"))
    .filter(([, , component]) => component === "main")
    .map(([uri = "", suite = "", , name = "", entry = ""]): Source => ({ uri, suite, codename: name, entry }));
  const of = (wanted: string): Source | undefined =>
    sources.find((source) => wanted !== "" && (source.suite === wanted || source.codename === wanted));
  const archive = of(release) ?? of(codename);
  if (archive === undefined) {
    throw new InfrastructureError(
      "NO_PACKAGE_SOURCE",
      `apt has no source for Debian "${codename}" or "${release}", component main.`,
      {
        hint: "add Debian's archive to this machine's apt sources, then run `apt-get update`",
      },
    );
  }
  return stanza({ ...archive, suite: release }, await signedBy(archive.entry, readText));
}

function stanza({ uri, suite }: Source, key: string | undefined): string {
  const fields = [`Types: deb`, `URIs: ${uri}`, `Suites: ${suite}`, "Components: main", "Architectures: amd64"];
  if (key !== undefined) fields.push(`Signed-By:${key.startsWith("\n") ? "" : " "}${key}`);
  return `${fields.join("\n")}\n`;
}

/**
 * The key that the machine trusts for a source: a path, or the key itself as lines that begin with a blank. Undefined
 * when the source names none, or cannot be read.
 */
async function signedBy(entry: string, readText: Machine["readText"]): Promise<string | undefined> {
  const [, path = "", number] = ENTRY.exec(entry) ?? [];
  try {
    const text = await readText(path);
    if (path.endsWith(".sources")) return signedByInStanza(text, Number(number));
    const line = text.split("\n")[Number(number) - 1] ?? "";
    return /\[[^\]]*\bsigned-by=([^\s\]]+)/i.exec(line)?.[1];
  } catch {
    return undefined;
  }
}

/** Stanzas count from 1; between them are empty lines, and lines with "#" are comments. */
function signedByInStanza(text: string, number: number): string | undefined {
  const stanzas = text
    .replace(/^#.*\n?/gm, "")
    .split(/\n[ \t]*(?:\n[ \t]*)+/)
    .filter((each) => each.trim() !== "");
  return /^Signed-By:[ \t]*(.*(?:\n[ \t].*)*)/im.exec(stanzas[number - 1] ?? "")?.[1]?.trimEnd();
}
