/** Where Android's own classes are: on Maven Central, as Robolectric publishes them. Fetched by the user's own `mvn`. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.js";
import { ANDROID_RELEASES, type AndroidRelease } from "../src/base/android-release.js";

const GROUP = "org.robolectric";
const ARTIFACT = "android-all";

/** 13's has no `android.system.virtualmachine`. */
const VERSIONS: Readonly<Record<AndroidRelease, { readonly version: string; readonly java: number } | undefined>> = {
  13: undefined,
  14: { version: "14-robolectric-10818077", java: 17 },
  15: { version: "15-robolectric-13954326", java: 17 },
  16: { version: "16-robolectric-13921718", java: 21 },
  17: { version: "17-robolectric-15733970", java: 21 },
};

/** Releases whose classes are available. */
export const ORACLE_RELEASES = ANDROID_RELEASES.filter((release) => VERSIONS[release] !== undefined);

export interface Artifact {
  readonly jar: string;
  /** The first version of Java that runs its class files. */
  readonly java: number;
}

/** The first version of Java that runs the classes of a release. */
export function javaFor(release: AndroidRelease): number {
  return VERSIONS[release]?.java ?? Infinity;
}

/** Whether the classes of a release were fetched before. */
export function isFetched(release: AndroidRelease): boolean {
  const found = VERSIONS[release];
  return found !== undefined && existsSync(jarOf(found.version));
}

/** Fetches the classes of a release, unless the local repository of Maven has them. */
export function fetchArtifact(release: AndroidRelease): Artifact {
  const found = VERSIONS[release];
  if (!found) throw new Error(`The classes of Android ${release} are not available`);
  const { version, java } = found;
  const jar = jarOf(version);
  if (!existsSync(jar)) {
    process.stderr.write(`Fetching ${GROUP}:${ARTIFACT}:${version} with mvn (some 150 MB)…\n`);
    maven(["-q", "dependency:get", "-Dtransitive=false", `-Dartifact=${GROUP}:${ARTIFACT}:${version}`]);
  }
  return { jar, java };
}

function jarOf(version: string): string {
  return join(localRepository(), ...GROUP.split("."), ARTIFACT, version, `${ARTIFACT}-${version}.jar`);
}

/** Maven takes ten seconds to answer, so its answer is kept as long as it is valid. */
function localRepository(): string {
  const note = join(root, "node_modules/.cache/jest-avf-oracle/repository.txt");
  const said = existsSync(note) ? readFileSync(note, "utf8") : "";
  if (said !== "" && existsSync(said)) return said;
  const ask = ["-q", "help:evaluate", "-Dexpression=settings.localRepository", "-DforceStdout"];
  // It may colour even a value that is printed alone.
  const told = maven(ask)
    .replace(/\u001b\[[0-9;]*m/g, "")
    .trim();
  writeFileSync(note, told);
  return told;
}

function maven(args: readonly string[]): string {
  try {
    return execFileSync("mvn", ["-B", ...args], {
      encoding: "utf8",
      timeout: 600_000,
      stdio: ["ignore", "pipe", "inherit"],
    });
  } catch (cause) {
    throw new Error("Could not run mvn, which fetches Android's classes: apt install maven", { cause });
  }
}
