/** An archive of Debian's layout in a folder, made of packages without content, and a machine whose apt has it for its source. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface LocalPackage {
  readonly name: string;
  readonly version?: string;
  /** Further fields, e.g. `Depends: other`. */
  readonly fields?: string;
}

const BINARY = "main/binary-amd64/Packages";

/** Writes or replaces the archive's only release. */
export function makeArchive(folder: string, release: string, packages: readonly LocalPackage[]): void {
  const index = packages.map((each) => makePackage(folder, each)).join("\n");
  const dist = join(folder, "dists", release);
  mkdirSync(join(dist, BINARY, ".."), { recursive: true });
  writeFileSync(join(dist, BINARY), index);
  const about = ["Origin: Debian", "Suite: stable", `Codename: ${release}`, "Architectures: amd64", "Components: main"];
  const lines = [
    ...about,
    `Date: ${new Date().toUTCString()}`,
    "SHA256:",
    ` ${sha256(index)} ${index.length} ${BINARY}`,
  ];
  writeFileSync(join(dist, "Release"), `${lines.join("\n")}\n`);
}

/** Its paragraph of the index. */
function makePackage(folder: string, { name, version = "1", fields = "" }: LocalPackage): string {
  const about = [
    `Package: ${name}`,
    `Version: ${version}`,
    "Architecture: amd64",
    "Maintainer: nobody <nobody@localhost>",
  ];
  const control = [...about, "Description: nothing", ...(fields === "" ? [] : [fields]), ""].join("\n");
  const work = join(folder, "work", name);
  mkdirSync(join(work, "DEBIAN"), { recursive: true });
  writeFileSync(join(work, "DEBIAN/control"), control);
  const file = `pool/${name}_${version.replace(":", ".")}_amd64.deb`;
  mkdirSync(join(folder, "pool"), { recursive: true });
  execFileSync("dpkg-deb", ["-Znone", "-b", work, join(folder, file)]);
  const bytes = readFileSync(join(folder, file));
  return `${control}Filename: ${file}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`;
}

/**
 * A machine whose apt has read the lists of the source. Returns what programs have in their environment there.
 * @param configuration further lines of apt.conf(5)
 */
export function makeMachine(folder: string, source: string, configuration: readonly string[] = []): NodeJS.ProcessEnv {
  for (const name of ["lists/partial", "cache/archives/partial", "parts"])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "sources.list"), `${source}\n`);
  const own = [
    `Dir::Etc::sourcelist "${folder}/sources.list";`,
    `Dir::Etc::sourceparts "${folder}/parts";`,
    `Dir::Etc::parts "${folder}/parts";`,
    `Dir::State::Lists "${folder}/lists";`,
    `Dir::Cache "${folder}/cache";`,
    'APT::Sandbox::User "";',
    'Debug::NoLocking "true";',
  ];
  const env = { ...process.env, APT_CONFIG: join(folder, "apt.conf") };
  writeFileSync(env.APT_CONFIG, `${own.join("\n")}\n`);
  execFileSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  writeFileSync(env.APT_CONFIG, `${[...own, ...configuration].join("\n")}\n`);
  return env;
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
