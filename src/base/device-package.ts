/** The package jest-avf-device, an optional peer: the emulated device ready made. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { packageRoot } from "./paths.js";

export const DEVICE_PACKAGE = "jest-avf-device";

const known = new Map<string, string | undefined>();

/**
 * Its folder, where it is found from the project's folder, or from that of jest-avf itself; else undefined. One whose
 * package.json is gone or broken is found as well: who reads it says so.
 */
export function devicePackageFolder(projectFolder: string = process.cwd()): string | undefined {
  if (!known.has(projectFolder)) known.set(projectFolder, look([projectFolder, packageRoot]));
  return known.get(projectFolder);
}

function look(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const { resolve } = createRequire(join(folder, "_.js"));
    try {
      return dirname(resolve(`${DEVICE_PACKAGE}/package.json`));
    } catch {
      const places = resolve.paths(DEVICE_PACKAGE) ?? [];
      const broken = places.map((place) => join(place, DEVICE_PACKAGE)).find((path) => existsSync(path));
      if (broken !== undefined) return broken;
    }
  }
  return undefined;
}
