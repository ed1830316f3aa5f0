/** Which shared libraries programs need, found in a tree of unpacked packages. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import { run } from "../../process/run.js";

/** Search order of Debian's dynamic linker, plus the folder that Android's tools keep theirs in. */
const LIBRARY_FOLDERS = [
  "lib/x86_64-linux-gnu",
  "usr/lib/x86_64-linux-gnu",
  "usr/lib/x86_64-linux-gnu/android",
  "usr/lib/x86_64-linux-gnu/pulseaudio",
  "lib64",
];

/** The libraries of `programs`, and theirs: name in the linker's eyes → file. */
export async function findLibraries(
  programs: readonly string[],
  root: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const index = indexLibraries(root);
  const found = new Map<string, string>();
  let fresh = [...programs];
  while (fresh.length > 0) {
    const { stdout } = await run(["readelf", "-d", ...fresh], { signal });
    const needed = new Set([...stdout.matchAll(/\(NEEDED\).*\[(.+?)\]/g)].map((match) => match[1] ?? ""));
    fresh = [];
    for (const name of needed) {
      if (found.has(name)) continue;
      const file = index.get(name);
      if (file === undefined) {
        throw new InfrastructureError(
          "LIBRARY_MISSING",
          `${name} is needed for the device image and not in any package.`,
        );
      }
      found.set(name, file);
      fresh.push(file);
    }
  }
  return found;
}

function indexLibraries(root: string): ReadonlyMap<string, string> {
  const index = new Map<string, string>();
  for (const folder of LIBRARY_FOLDERS.map((name) => join(root, name))) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      if (/\.so(\.|$)/.test(name) && !index.has(name)) index.set(name, join(folder, name));
    }
  }
  return index;
}
