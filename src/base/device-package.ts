/** The package jest-avf-device, an optional peer: the emulated device ready made. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { packageRoot } from "./paths.js";

export const DEVICE_PACKAGE = "jest-avf-device";

const known = new Map<string, string | undefined>();

/** Its folder, where it is found from the project's folder, or from that of jest-avf itself; else undefined. */
export function devicePackageFolder(projectFolder: string = process.cwd()): string | undefined {
  if (!known.has(projectFolder)) known.set(projectFolder, look([projectFolder, packageRoot]));
  return known.get(projectFolder);
}

function look(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    try {
      return dirname(createRequire(join(folder, "_.js")).resolve(`${DEVICE_PACKAGE}/package.json`));
    } catch {
      // Not from there.
    }
  }
  return undefined;
}
