/** The user's crosvm in the device's image, where Android's virt APEX has it. */
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CROSVM, CROSVM_DIGEST } from "../../avfd/device-paths.js";
import { collectLibraries } from "../../guest/libraries.js";
import { runUnchecked } from "../../process/run.js";
import { binaryDigest } from "./binary-digest.js";
import { install } from "./install.js";

/**
 * Puts it there with its libraries: those of Debian's packages, as for all programs of the device; what they lack comes
 * from this host. One that is nowhere is left for the device's loader to name.
 */
export async function installCrosvm(
  crosvmPath: string,
  packagesRoot: string,
  rootFolder: string,
  readelf: string,
  signal?: AbortSignal,
): Promise<void> {
  await install(crosvmPath, join(rootFolder, CROSVM));
  const digestFile = join(rootFolder, CROSVM_DIGEST);
  await mkdir(dirname(digestFile), { recursive: true });
  await writeFile(digestFile, `${binaryDigest(crosvmPath)}\n`);
  const onHost = await hostLibraries(crosvmPath, signal);
  const find = (name: string): string | undefined => onHost.get(name);
  const libraries = await collectLibraries(packagesRoot, [crosvmPath], new Set(), [], readelf, signal, find);
  for (const [name, file] of libraries) {
    await install(await realpath(file), join(rootFolder, "usr/lib/x86_64-linux-gnu", name));
  }
}

/** Paths of libraries by name, where this host's loader finds them. */
async function hostLibraries(program: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await runUnchecked(["ldd", program], { signal, env: { LC_ALL: "C" } });
  return new Map([...stdout.matchAll(/^\s*(\S+) => (\/\S+)/gm)].map(([, name = "", path = ""]) => [name, path]));
}
