/** Shared libraries of the guest: taken out of unpacked packages, together with all that they need. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../base/errors.js";
import { run } from "../process/run.js";

/** Where Debian's packages put libraries; Android's own come first, for some share a name with others. */
const libraryFolders = [
  "usr/lib/x86_64-linux-gnu/android",
  "usr/lib/x86_64-linux-gnu",
  "lib/x86_64-linux-gnu",
  "usr/lib",
  "lib",
  "lib64",
  "usr/lib64",
];

/**
 * Files of everything that these programs need, by the name under which they ask for it.
 * @param programs paths of ELF files
 * @param given names of libraries that the caller supplies itself
 * @param more names of libraries that are wanted although no program needs them
 * @param readelf how it is called
 * @param elsewhere where a library is that no package has; one that is nowhere is left out then, instead of an error
 */
export async function collectLibraries(
  packagesRoot: string,
  programs: readonly string[],
  given: ReadonlySet<string>,
  more: readonly string[],
  readelf: string,
  signal?: AbortSignal,
  elsewhere?: (name: string) => string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const queue = [...programs];
  const want = async (name: string, neededBy: string): Promise<void> => {
    if (found.has(name) || given.has(name)) return;
    const path = (await findLibrary(packagesRoot, name)) ?? elsewhere?.(name);
    if (path === undefined && elsewhere !== undefined) return;
    if (path === undefined) throw missingLibrary(name, neededBy);
    found.set(name, path);
    queue.push(path);
  };
  for (const name of more) await want(name, "a payload");
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const name of await neededLibraries(file, readelf, signal)) await want(name, file);
  }
  return found;
}

async function neededLibraries(file: string, readelf: string, signal?: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await run([readelf, "-d", "-W", file], { signal, env: { LC_ALL: "C" } });
  return parseNeeded(stdout);
}

/** Names in the output of `readelf -d`, e.g. `0x01 (NEEDED)  Shared library: [libc.so.6]`. */
export function parseNeeded(readelf: string): readonly string[] {
  return [...readelf.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]/]+)\]/g)].map((match) => match[1] ?? "");
}

async function findLibrary(packagesRoot: string, name: string): Promise<string | undefined> {
  for (const folder of libraryFolders) {
    const path = await realpath(join(packagesRoot, folder, name)).catch(() => undefined);
    if (path !== undefined) return path;
  }
  return undefined;
}

function missingLibrary(name: string, neededBy: string): InfrastructureError {
  return new InfrastructureError("LIBRARY_MISSING", `No unpacked package has ${name}, which ${neededBy} needs.`, {
    hint: "npx avf setup downloads and unpacks the packages again",
  });
}
